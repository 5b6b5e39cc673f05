/** Case 61: the disk of the data folder is full. Pushes are refused with the reason, and what is live is served. Needs root, for a small disk. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { TestPlatform } from '../e2e/platform.ts';
import { Repository } from '../e2e/repository.ts';
import { appSource } from '../e2e/source.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;

describe.skipIf(process.getuid?.() !== 0)('a full disk', () => {
  let mount: string;
  let platform: TestPlatform;
  let repository: Repository;

  beforeAll(async () => {
    mount = await mkdtemp(join(tmpdir(), 'teal-small-disk-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=768m,mode=0755', 'tmpfs', mount]);
    platform = await TestPlatform.start({ engine: 'process', dataDir: mount });
    await platform.createApp('shop');
    repository = await Repository.create(platform.gitUrl('shop'));
    await repository.commit('v1', appSource({ version: 'v1' }));
    expect((await repository.push()).stderr).toContain('is live at');
  });
  afterAll(async () => {
    await repository?.remove();
    // The mount point itself stays until it is unmounted.
    await platform?.destroy().catch(() => {});
    await run('umount', ['-l', mount]);
    await rm(mount, { recursive: true, force: true });
  });

  /** Leaves `freeBytes` to everybody. */
  async function fill(freeBytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(mount);
    await run('fallocate', ['-l', String(Math.max(1, bavail * bsize - freeBytes)), join(mount, 'filler')]);
  }
  const clear = () => rm(join(mount, 'filler'), { force: true });

  it('refuses a build while little is left, says how little, and serves on', async () => {
    await fill(56 * MIB);
    await repository.commit('v2', appSource({ version: 'v2' }));
    const push = await repository.push();
    expect(push.stderr).toContain('The build was not begun: the disk of the data folder has');
    expect((await platform.get('shop')).text).toBe('version v1\n');
    await clear();
  });

  it('refuses pushes while hardly anything is left, and takes them again once there is room', async () => {
    await fill(8 * MIB);
    await repository.commit('v3', appSource({ version: 'v3' }));
    const refused = await repository.push();
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("The platform's disk is full");
    expect((await platform.get('shop')).text).toBe('version v1\n');
    await clear();
    expect((await repository.push()).stderr).toContain('is live at');
    expect((await platform.get('shop')).text).toBe('version v3\n');
  });

  it('serves on with not one block left, and deploys again afterwards', async () => {
    await fill(MIB);
    await run('dd', ['if=/dev/zero', `of=${join(mount, 'rest')}`, 'bs=4k', 'status=none']).catch(() => {});
    await repository.commit('v4', appSource({ version: 'v4' }));
    expect((await repository.push()).code).not.toBe(0);
    for (let n = 0; n < 20; n += 1) expect((await platform.get('shop')).text).toBe('version v3\n');
    await rm(join(mount, 'rest'), { force: true });
    await clear();
    await until(
      'a push is live again',
      async () => {
        await repository.push();
        return (await platform.get('shop')).text === 'version v4\n';
      },
      60_000,
    );
  });
});
