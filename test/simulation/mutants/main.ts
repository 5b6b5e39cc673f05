/** `npm run test:mutants [NAME…]`: each mutant must make the harness fail, and the product as it is must not. Prints a table. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { MUTANTS } from './list.ts';

const here = import.meta.dirname;
const AT_ONCE = 2;
/** A mutant that never comes to rest is noticed too. */
const LIMIT_MS = 300_000;
const SAID_CHARACTERS = 110;

interface Verdict {
  noticed: boolean;
  said: string;
}

function runHarness(name: string): Promise<Verdict> {
  const args = ['--import', join(here, 'mutate.ts'), join(here, 'harness.ts')];
  const child = spawn(process.execPath, args, { env: { ...process.env, TEAL_MUTANT: name }, timeout: LIMIT_MS });
  let said = '';
  let trouble = '';
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (trouble += text));
  return new Promise((resolve, reject) =>
    child.on('close', (code, signal) => {
      if (code === 2 || trouble.includes('is not there once')) reject(new Error(`${name}: ${trouble}`));
      else if (signal !== null) resolve({ noticed: true, said: `no end within ${LIMIT_MS / 1_000} s` });
      else resolve({ noticed: code !== 0, said: (said || trouble).trim().split('\n')[0] ?? '' });
    }),
  );
}

const short = (said: string) =>
  said
    .replace(/[0-9a-f-]{36}/g, '…')
    .replaceAll('|', ' ')
    .slice(0, SAID_CHARACTERS);

async function tryAll(names: readonly string[]): Promise<string[]> {
  const survivors: string[] = [];
  const left = [...names];
  const work = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const { noticed, said } = await runHarness(name);
      if (!noticed) survivors.push(name);
      process.stdout.write(`| ${name} | ${noticed ? 'noticed' : 'SURVIVED'} | ${short(said)} |\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return survivors;
}

const asked = process.argv.slice(2);
const names = MUTANTS.map(({ name }) => name).filter((name) => asked.length === 0 || asked.includes(name));
process.stdout.write('| changed | | first finding |\n|---|---|---|\n');
const survivors = await tryAll(names);
const plain = await runHarness('none');
process.stdout.write(
  `\n${names.length - survivors.length} of ${names.length} noticed; as it is: ${plain.said || 'nothing found'}\n`,
);
process.exitCode = survivors.length > 0 || plain.noticed ? 1 : 0;
