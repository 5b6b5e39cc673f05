/** The console's files: its page at every address of its own, and nowhere else. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TealError } from '@teal/core';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveConsole } from '../src/http/consoleFiles.ts';
import { useErrors } from '../src/http/errors.ts';

const PAGE = '<!doctype html><title>Teal</title>';

describe('the console files', () => {
  let dir: string;
  let app: FastifyInstance;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'teal-console-'));
    await mkdir(join(dir, 'assets'));
    await writeFile(join(dir, 'index.html'), PAGE);
    await writeFile(join(dir, 'assets', 'index-abc.js'), 'export {};');
    app = fastify();
    useErrors(app);
    await app.register(
      async (api) => {
        api.setNotFoundHandler(() => {
          throw new TealError('not_found', { what: 'such address in the API' });
        });
      },
      { prefix: '/api/v1' },
    );
    await serveConsole(app, dir);
  });
  afterAll(async () => {
    await app.close();
    await rm(dir, { recursive: true, force: true });
  });

  it.each(['/', '/apps/shop', '/apps/shop/deployments/deployment_1', '/apps/shop?tab=log', '/assetsoup'])(
    'answers %s with the page, to be asked for again each time',
    async (url) => {
      const answer = await app.inject(url);
      expect(answer.statusCode).toBe(200);
      expect(answer.body).toBe(PAGE);
      expect(answer.headers['content-type']).toContain('text/html');
      expect(answer.headers['cache-control']).toBe('no-cache');
    },
  );

  it('answers a file whose name tells its content for long', async () => {
    const answer = await app.inject('/assets/index-abc.js');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain('javascript');
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  });

  it.each([
    '/assets/missing.js',
    '/assets',
    '/assets/',
    '/api',
    '/api/v1/nothing',
    '/api/v2/apps',
    '/api/v1',
    '/git',
    '/git/shop.git/info/refs',
  ])('never answers %s with the page', async (url) => {
    const answer = await app.inject(url);
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ error: { code: 'not_found' } });
  });

  it.each(['/assets/../../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/%2e%2e%2f%2e%2e%2fetc/passwd'])(
    'keeps to its folder when asked for %s',
    async (url) => expect((await app.inject(url)).body).not.toContain('root:'),
  );

  it('answers nothing but GET and HEAD with the page', async () => {
    expect((await app.inject({ method: 'POST', url: '/apps/shop' })).statusCode).toBe(404);
    const head = await app.inject({ method: 'HEAD', url: '/apps/shop' });
    expect(head.statusCode).toBe(200);
    expect(head.body).toBe('');
  });
});
