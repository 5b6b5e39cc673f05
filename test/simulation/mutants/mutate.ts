/** Preloaded before the harness: puts the mutant that TEAL_MUTANT names into the module as it is loaded, nowhere else. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './list.ts';

const mutant = MUTANTS.find(({ name }) => name === process.env.TEAL_MUTANT);
if (mutant !== undefined)
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.endsWith(`/packages/${mutant.file}`)) return nextLoad(url, context);
      const text = readFileSync(fileURLToPath(url), 'utf8');
      if (text.split(mutant.from).length !== 2) throw new Error(`"${mutant.name}": its text is not there once`);
      const source = text.replace(mutant.from, () => mutant.to);
      return { format: 'module-typescript', source, shortCircuit: true };
    },
  });
