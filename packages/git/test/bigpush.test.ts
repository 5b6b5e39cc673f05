import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { gitOk, makeClone, processesIn, startGit, startServer } from './server.ts';

const MIB = 1024 * 1024;
const COUNT = 60;

/** The highest memory use so far, in bytes, of every process that names `folder`. */
async function peaks(folder: string, seen: Map<string, number>): Promise<void> {
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!command.includes(folder) && !environment.includes(`GIT_QUARANTINE_PATH=${folder}`)) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    seen.set(pid, Math.max(seen.get(pid) ?? 0, peak));
  }
}

test('takes a push of 60 MiB with little memory, in the server and in git', async () => {
  const server = await startServer();
  try {
    const files = Object.fromEntries(
      Array.from({ length: 3 }, (_, index) => [`f${index}`, randomBytes((COUNT / 3) * MIB)]),
    );
    const clone = await makeClone(server, 'clone', files);
    const base = process.memoryUsage.rss();
    const push = startGit(clone, ['push', server.url('shop'), 'main']);
    const seen = new Map<string, number>();
    let done = false;
    let serverPeak = 0;
    void push.result.then(() => {
      done = true;
    });
    while (!done) {
      await peaks(server.repositories, seen);
      serverPeak = Math.max(serverPeak, process.memoryUsage.rss());
      await sleep(10);
    }
    expect((await push.result).code).toBe(0);
    expect(seen.size).toBeGreaterThan(0);
    expect(serverPeak - base).toBeLessThan(60 * MIB);
    expect([...seen.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(100 * MIB);
    expect(await server.reader.head('app_shop', 'main')).toBe(await gitOk(clone, ['rev-parse', 'HEAD']));
    expect(await processesIn(server.repositories)).toEqual([]);
  } finally {
    await server.close();
  }
});
