/** The example app whose versions are measured: its files, and the edit that makes the next version. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT_DIR } from './platform.ts';

export type Files = Readonly<Record<string, string>>;

export async function readExample(): Promise<Files> {
  const folder = join(ROOT_DIR, 'examples', 'hello-node');
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return Object.fromEntries(
    await Promise.all(files.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

/** The source with one line changed. */
export function versionOf(files: Files, version: string): Files {
  const source = files['server.js'] ?? '';
  const changed = source.replace(/const version = '[^']*'/, `const version = 'version ${version}'`);
  if (changed === source) throw new Error('server.js of the example has no line that names its version');
  return { ...files, 'server.js': changed };
}

/** What only this version's home page says. */
export function textOf(version: string): string {
  return `Hello from version ${version}\n`;
}
