import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { routerConformance } from '../../../test/conformance/router.ts';
import { createEmbeddedRouter } from '../src/index.ts';

const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

routerConformance('embedded', async ({ secure = false, ...limits } = {}) => {
  const proofSecret = 'proof-of-this-start';
  const accessLogDir = await mkdtemp(join(tmpdir(), 'teal-access-'));
  folders.push(accessLogDir);
  const router = createEmbeddedRouter({
    host: '127.0.0.1',
    port: 0,
    securePort: secure ? 0 : null,
    accessLogDir,
    proofSecret,
    limits: { ...limits, memberDownMs: 200, trafficIntervalMs: 100 },
  });
  await router.listen();
  return { router, proofSecret };
});
