/** What every engine does with a single command in an instance of its own, over the port alone. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { Engine, InstanceSpec } from '@teal/deployer';
import { describe, expect, it } from 'vitest';
import type { EngineFixture } from './engineFixture.ts';
import { until } from './until.ts';

const NEVER = new AbortController().signal;
const TEST_MS = 60_000;

/** Ids of processes on this host whose command line holds `marker`. */
export async function processesWith(marker: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (commandLine.includes(marker)) found.push(pid);
  }
  return found;
}

/** A command that never ends, with a child that outlives its shell if nobody ends it. */
export const endless = (marker: string) => `node -e 'setInterval(() => {}, 1000)' ${marker} & echo begun; wait`;
export async function areGone(marker: string): Promise<void> {
  await until('its processes are gone', async () => (await processesWith(marker)).length === 0, 5_000);
}

export interface OneOffSubject {
  fixture: () => EngineFixture;
  /** An instance of the probe app's image, with an id of its own. */
  spec: (environment?: Record<string, string>) => InstanceSpec;
}

/** To be called within the engine's own suite. */
export function oneOffConformance({ fixture, spec }: OneOffSubject): void {
  describe('one-off commands', () => {
    const engine = (): Engine => fixture().engine;

    async function run(command: string, environment: Record<string, string> = {}, signal = NEVER) {
      const lines: string[] = [];
      const one = spec(environment);
      const { exitCode } = await engine().run(one, { command, log: (text) => lines.push(text), signal });
      expect(await isListed(one)).toBe(false);
      return { exitCode, lines };
    }

    const isListed = async ({ instanceId }: InstanceSpec, by = engine()) =>
      (await by.list()).some((seen) => seen.instanceId === instanceId);

    it('gives every line in its order, the last without an end too, and the exit code', async () => {
      const { exitCode, lines } = await run('for n in 1 2 3; do echo "line $n"; done; printf "no end"; exit 7');
      expect(lines).toEqual(['line 1', 'line 2', 'line 3', 'no end']);
      expect(exitCode).toBe(7);
      expect(await run('echo told >&2')).toEqual({ exitCode: 0, lines: ['told'] });
    });

    it('runs in the folder, with the variables and as the user of an instance', async () => {
      const hostile = `new\nline 'single' "double" $HOME \`id\``;
      const command = `test -f server.js && node -p 'JSON.stringify({ ...process.env, uid: process.getuid() })'`;
      const { lines } = await run(command, { HOSTILE: hostile });
      const told = JSON.parse(lines.join('')) as Record<string, unknown>;
      expect(told).toMatchObject({ HOSTILE: hostile, NODE_ENV: 'production' });
      expect(Number(told.PORT)).toBeGreaterThan(0);
      expect(told.uid).not.toBe(0);
    });

    it('takes ten megabytes of output whole', { timeout: TEST_MS }, async () => {
      let count = 0;
      let last = '';
      const log = (text: string) => {
        count += 1;
        last = text;
      };
      const command = `node -e 'for (let n = 1; n <= 100000; n += 1) console.log(String(n).padStart(100, "."))'`;
      expect(await engine().run(spec(), { command, log, signal: NEVER })).toEqual({ exitCode: 0 });
      expect([count, last]).toEqual([100_000, '100000'.padStart(100, '.')]);
    });

    it('leaves nothing of what the command put into the background', async () => {
      const marker = `marker-${randomUUID()}`;
      const { exitCode } = await run(`node -e 'setInterval(() => {}, 1000)' ${marker} & exit 0`);
      expect(exitCode).toBe(0);
      await areGone(marker);
    });
  });
}
