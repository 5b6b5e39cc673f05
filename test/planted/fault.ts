/** A fault that is put into the product on purpose, to see that tests notice it: exact text and what takes its place. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface Fault {
  name: string;
  /** Below packages/. */
  file: string;
  from: string;
  to: string;
}

/** The module's text with the fault in it; null for other modules. Throws when the fault's text is not there exactly once. */
function faulty({ name, file, from, to }: Fault, path: string, text: string): string | null {
  if (!path.endsWith(`/packages/${file}`)) return null;
  if (text.split(from).length !== 2) throw new Error(`"${name}": its text is not there once`);
  return text.replace(from, () => to);
}

/** For processes that Node runs itself, of which this is preloaded. */
export function plantInProcess(fault: Fault): void {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.endsWith(`/packages/${fault.file}`)) return nextLoad(url, context);
      const path = fileURLToPath(url);
      const source = faulty(fault, path, readFileSync(path, 'utf8'));
      return source === null ? nextLoad(url, context) : { format: 'module-typescript', source, shortCircuit: true };
    },
  });
}

/** For tests, whose modules Vite reads. */
export function plantInTests(fault: Fault) {
  return {
    name: 'planted-fault',
    enforce: 'pre' as const,
    transform(text: string, id: string) {
      const code = faulty(fault, id.split('?')[0] ?? '', text);
      return code === null ? null : { code, map: null };
    },
  };
}
