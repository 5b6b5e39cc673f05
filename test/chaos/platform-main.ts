/** The platform as a process of its own with short waiting times: a lease that runs out within a fault. */
import { writeSync } from 'node:fs';
import { pino } from 'pino';
import { startPlatform } from '../../apps/server/src/platform.ts';
import { testConfig } from '../e2e/platform.ts';

const [engine = 'docker', dataDir = '', consolePort = '0', httpPort = '0'] = process.argv.slice(2);
const given = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('TEAL_')));
const read = testConfig(engine, dataDir, {
  ...(given as Record<string, string>),
  TEAL_CONSOLE_PORT: consolePort,
  TEAL_HTTP_PORT: httpPort,
  TEAL_HTTPS_PORT: 'off',
});
const timing = {
  ...read.timing,
  leaseMs: 2_000,
  sweepMs: 3_000,
  drainDeadlineMs: 5_000,
  stopGraceMs: 1_000,
  offAfterMs: 60_000,
  buildDeadlineMs: 60_000,
  startDeadlineMs: 20_000,
};
const destination = pino.destination({ dest: 2, sync: true });
destination.on('error', () => {});
const platform = await startPlatform({ ...read, timing }, pino({ level: 'info' }, destination));
process.once('SIGTERM', () => {
  void platform.close().then(() => process.exit(0));
});
writeSync(
  3,
  `${JSON.stringify({ consoleUrl: platform.consoleUrl, httpPort: platform.httpPort, token: platform.firstToken })}\n`,
);
