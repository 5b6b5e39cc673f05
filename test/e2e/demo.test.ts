/** `./teal demo` as a newcomer runs it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ENGINES, ROUTERS } from './engines.ts';
import { ROOT_DIR } from './platform.ts';

it('tells the whole story, holds in every scene, and leaves nothing behind', async () => {
  const args = ['demo', '--exit', '--no-install', '--engine', ENGINES[0] ?? 'process'];
  const child = spawn(join(ROOT_DIR, 'teal'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  expect(output).toMatch(/✔ 5/);
  expect(output).toMatch(/ 0 failed, no retries/);
  // Without HAProxy nobody could answer while the platform is dead: then the scene has no such moment.
  expect(/✔ HAProxy went on answering while Teal was dead/.test(output)).toBe(ROUTERS.includes('haproxy'));
  expect(output).not.toContain('✘');
  expect(code).toBe(0);
});
