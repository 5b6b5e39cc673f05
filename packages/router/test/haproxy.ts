/** HAProxy routers in folders of their own, ended with all their processes and files after each test. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouterUnderTest } from '../../../test/conformance/router.ts';
import { createHaproxyRouter, type HaproxyRouter, type HaproxyRouterOptions } from '../src/index.ts';

export const PROOF_SECRET = 'proof-of-this-start';

/** Not serving yet, in a folder that its `shutdown` does not remove. */
export async function makeHaproxy(
  options: Partial<HaproxyRouterOptions> = {},
): Promise<{ router: HaproxyRouter; dir: string }> {
  const dir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'teal-haproxy-')));
  await chmod(dir, 0o755);
  const router = createHaproxyRouter({
    host: '127.0.0.1',
    port: 0,
    proofSecret: PROOF_SECRET,
    binary: '/usr/sbin/haproxy',
    stateDir: dir,
    socketDir: join(dir, 's'),
    threads: 2,
    minSlots: 4,
    ...options,
  });
  return { router, dir };
}

/** Serving; closing it ends everything. */
export async function openHaproxy(options: Partial<HaproxyRouterOptions> = {}): Promise<RouterUnderTest> {
  const { router, dir } = await makeHaproxy(options);
  router.close = async () => {
    await router.shutdown();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await router.listen();
  } catch (error) {
    await router.close();
    throw error;
  }
  return { router, proofSecret: PROOF_SECRET };
}
