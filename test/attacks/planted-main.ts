/** `npm run test:planted [NAME…]`: each planted fault must turn the tests of its group red. Prints a table. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLANTED, type PlantedFault } from './planted-list.ts';

const ROOT = join(import.meta.dirname, '../..');
const LIMIT_MS = 600_000;

interface Report {
  numPassedTests: number;
  testResults: { assertionResults: { status: string; title: string }[] }[];
}

/** Names of the tests that failed, and how many passed: with none at all, something else than the fault broke the run. */
async function run({ name, test }: PlantedFault): Promise<{ failed: string[]; passed: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-planted-'));
  const report = join(folder, 'report.json');
  const environment = {
    ...process.env,
    TEAL_PLANTED: name,
    TEAL_TEST_REPORT: report,
    NODE_OPTIONS: `--import=${join(import.meta.dirname, 'planted-preload.ts')}`,
  };
  try {
    const child = spawn('vitest', ['run', test], { cwd: ROOT, env: environment, stdio: 'ignore', timeout: LIMIT_MS });
    await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
    const { testResults, numPassedTests } = JSON.parse(await readFile(report, 'utf8')) as Report;
    const failed = testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed'),
    );
    return { failed: failed.map(({ title }) => title), passed: numPassedTests };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const asked = process.argv.slice(2);
const wanted = PLANTED.filter(({ name }) => asked.length === 0 || asked.includes(name));
let noticed = 0;
process.stdout.write('| cases | planted | red |\n|---|---|---|\n');
for (const fault of wanted) {
  const { failed, passed } = await run(fault);
  const red = failed.length > 0 && passed > 0;
  if (red) noticed += 1;
  const said = red
    ? `${failed.length}, for instance *${failed[0]?.replaceAll('|', ' ')}*`
    : `**NOT NOTICED** (${passed} passed)`;
  process.stdout.write(`| ${fault.cases} | ${fault.name} | ${said} |\n`);
}
process.stdout.write(`\n${noticed} of ${wanted.length} noticed\n`);
process.exit(noticed === wanted.length ? 0 : 1);
