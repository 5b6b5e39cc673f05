/** How the tests run: quick ones in parallel, those that load the whole machine one file at a time after them. */
import { defineConfig } from 'vitest/config';
import { plantedFault } from './test/attacks/planted-list.ts';
import { AttackTable } from './test/attacks/table.ts';
import { plantInTests } from './test/planted/fault.ts';

const runtimes = 'packages/runtimes/test/**/*.test.ts';
/** Takes one core and nothing else of the machine. */
const simulation = 'test/simulation/**/*.test.ts';
const report = process.env.TEAL_TEST_REPORT;
const planted = plantedFault(process.env);

// biome-ignore lint/style/noDefaultExport: the tool's own convention
export default defineConfig({
  plugins: planted === undefined ? [] : [plantInTests(planted)],
  test: {
    environment: 'node',
    // A cached module would be the one without the fault.
    fsModuleCache: planted === undefined,
    maxWorkers: 2,
    teardownTimeout: 30_000,
    reporters:
      report === undefined
        ? ['default', new AttackTable()]
        : ['default', new AttackTable(), ['json', { outputFile: report }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['packages/*/test/**/*.test.ts', simulation],
          exclude: [runtimes],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'machine',
          include: [runtimes, 'apps/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [simulation],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
