/** The short form of the real kills: a handful of faults under traffic and deployments, and Docker's own disk nearly full. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nowMs } from '../load/clock.ts';
import { strike } from './chaos.ts';
import { command } from './command.ts';
import { APP, openScene, type Scene } from './scene.ts';

const SEED = 7;
const KINDS = [
  'Teal killed',
  'Teal frozen',
  'PostgreSQL killed',
  'HAProxy killed',
  'dockerd killed',
  'instance killed',
];
const MIB = 1024 * 1024;
const ENOUGH_MS = 40_000;

function missing(): string | null {
  if (process.getuid?.() !== 0) return 'no root';
  const lacks = ['dockerd', 'haproxy', 'ip'].find((name) => {
    try {
      execFileSync('which', [name], { stdio: 'ignore' });
      return false;
    } catch {
      return true;
    }
  });
  return lacks === undefined ? null : `no ${lacks}`;
}

const reason = missing();
const say = (line: string) => process.stderr.write(`chaos: ${line}\n`);
if (reason !== null) say(`left out, since there is ${reason}`);

describe.skipIf(reason !== null)('a platform with a Docker daemon of its own', () => {
  let logDir: string;
  let scene: Scene;

  beforeAll(async () => {
    logDir = await mkdtemp(join(tmpdir(), 'teal-chaos-logs-'));
    scene = await openScene({ logDir, dockerDisk: '1g', say });
  });
  afterAll(async () => {
    await scene?.close();
    await rm(logDir, { recursive: true, force: true });
  });

  it("begins no build with little left of Docker's disk, says so, and serves on", async () => {
    const { platform, dockerd, deeds } = scene;
    const before = (await platform.get(APP)).text;
    const filler = join(dockerd.dataDir, 'filler');
    const { bavail, bsize } = await statfs(dockerd.dataDir);
    await command('fallocate', ['-l', String(bavail * bsize - 80 * MIB), filler]);
    // Less than a tenth, which a build wants, and more than the twentieth of a push.
    expect(await deeds.push()).toContain("The build was not begun: Docker's disk has");
    expect((await platform.deployments(APP))[0]).toMatchObject({ state: 'failed', failure: { code: 'disk_short' } });
    expect(await platform.get(APP)).toMatchObject({ status: 200, text: before });
    await rm(filler);
    expect(await deeds.push()).toContain(' is live at ');
  });

  it('is whole again after every fault, and loses no request', { timeout: 240_000 }, async () => {
    say(`seed ${SEED}`);
    const { signal } = new AbortController();
    // On a machine with other work it is fewer faults, not more time.
    const deadlineMs = nowMs() + ENOUGH_MS;
    const course = { seed: SEED, faults: KINDS.length, only: KINDS, ratePerSecond: 50, deadlineMs, signal, say };
    const report = await strike(scene, course);
    expect(report).toMatchObject({ violations: 0, broken: [], lost: 0, leaks: 0 });
    expect(report.faults).toBeGreaterThan(0);
  });
});
