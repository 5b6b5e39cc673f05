/**
 * The platform as a process of its own that halts at a named port call. The file `halt-at` in the data folder names it:
 * `engine.start before`, `store.deployments.goLive after`, … and a third word chooses between `kill` (SIGKILL, the default)
 * and `stop` (SIGTERM, as Ctrl-C does it).
 */
import { existsSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Config } from '../../apps/server/src/config.ts';
import { type Decorate, startPlatform } from '../../apps/server/src/platform.ts';
import { TEST_TIMING, testConfig } from './platform.ts';

const [engine = 'process', dataDir = '', consolePort = '0', httpPort = '0', router] = process.argv.slice(2);
const haltFile = join(dataDir, 'halt-at');

/** Ends this process here if the file says so. */
function haltPoint(call: string, moment: 'before' | 'after'): void {
  if (!existsSync(haltFile)) return;
  const [wantedCall, wantedMoment, how = 'kill'] = readFileSync(haltFile, 'utf8').trim().split(' ');
  if (wantedCall !== call || wantedMoment !== moment) return;
  rmSync(haltFile);
  process.kill(process.pid, how === 'stop' ? 'SIGTERM' : 'SIGKILL');
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

/** Every function of `target`, and of the objects inside it, stops at the halt points around it. */
function watched<T extends object>(name: string, target: T): T {
  return new Proxy(target, {
    get(object, key) {
      const value = Reflect.get(object, key);
      if (typeof key === 'symbol') return value;
      const call = `${name}.${key}`;
      if (typeof value === 'object' && value !== null) return watched(call, value);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        haltPoint(call, 'before');
        const result: unknown = Reflect.apply(value, object, args);
        if (!isPromise(result)) return result;
        return result.then((answer) => {
          haltPoint(call, 'after');
          return answer;
        });
      };
    },
  });
}

const decorate: Decorate = (port, adapter) => watched(port, adapter);
const read = testConfig(engine, dataDir, {
  TEAL_CONSOLE_PORT: consolePort,
  TEAL_HTTP_PORT: httpPort,
  ...(router === undefined ? {} : { TEAL_ROUTER: router }),
});
const config: Config = { ...read, timing: { ...read.timing, ...TEST_TIMING } };
const log = pino({ level: process.env.TEAL_TEST_LOG ?? 'fatal' }, pino.destination({ dest: 2, sync: true }));
const platform = await startPlatform(config, log, decorate);
process.once('SIGTERM', () => {
  void platform.close().then(() => process.exit(0));
});
writeSync(
  3,
  `${JSON.stringify({ consoleUrl: platform.consoleUrl, httpPort: platform.httpPort, token: platform.firstToken })}\n`,
);
