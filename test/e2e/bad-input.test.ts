/** Requests and pushes that are wrong: the right status, a code, a sentence, and nothing changed. */
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

interface Wrong {
  error: { code: string; message: string };
}

describe('bad input', () => {
  let platform: TestPlatform;
  let before: string;

  const state = async () =>
    JSON.stringify([(await platform.call('GET', '/apps')).body, await platform.deployments('good')]);

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine: 'process' });
    await platform.createApp('good');
  });
  beforeEach(async () => {
    before = await state();
  });
  afterAll(() => platform?.destroy());

  async function refused(
    answer: Promise<{ status: number; body: Wrong }>,
    status: number,
    code: string,
  ): Promise<void> {
    const { status: got, body } = await answer;
    expect([got, body?.error?.code]).toEqual([status, code]);
    expect(body.error.message.length).toBeGreaterThan(10);
    expect(await state()).toBe(before);
  }

  const post = (path: string, body?: unknown) => platform.call<Wrong>('POST', path, body);

  it.each(['', 'a', 'A', '-a', 'a-', '1a', 'a b', 'a_b', 'é', 'a'.repeat(41), 'teal', '../x', 'a\nb', '<script>'])(
    'refuses the app name %j',
    (name) => refused(post('/apps', { name }), 422, 'request_invalid'),
  );

  it('refuses a name that is taken, unknown fields, wrong types and values out of range', async () => {
    await refused(post('/apps', { name: 'good' }), 409, 'app_name_taken');
    await refused(post('/apps', { name: 'other', colour: 'blue' }), 422, 'request_invalid');
    await refused(post('/apps', { name: 7 }), 422, 'request_invalid');
    await refused(post('/apps', ['good']), 422, 'request_invalid');
    await refused(post('/apps', { name: 'other', settings: { scale: 0 } }), 422, 'request_invalid');
    await refused(platform.call('PATCH', '/apps/good', { settings: { gateDeadlineMs: 1e12 } }), 422, 'request_invalid');
    await refused(platform.call('PATCH', '/apps/good', { deployBranch: '--upload-pack=x' }), 422, 'request_invalid');
    await refused(platform.call('GET', '/apps/good/deployments?limit=5000'), 422, 'request_invalid');
    await refused(platform.call('GET', '/apps/good/deployments?sort=up'), 422, 'request_invalid');
  });

  it('refuses variables that the platform sets, bad names, and a NUL', async () => {
    const set = (variables: Record<string, string>) =>
      platform.call<Wrong>('PATCH', '/apps/good/environment', { set: variables });
    await refused(set({ PORT: '1' }), 422, 'request_invalid');
    await refused(set({ 'A-B': '1' }), 422, 'request_invalid');
    await refused(set({ A: 'x\u0000y' }), 422, 'request_invalid');
  });

  it('answers 404 for what is not there', async () => {
    await refused(platform.call('GET', '/apps/nothing'), 404, 'app_not_found');
    await refused(platform.call('GET', '/apps/good/deployments/deployment_x'), 404, 'deployment_not_found');
    await refused(platform.call('GET', '/nothing'), 404, 'not_found');
    await refused(platform.call('DELETE', '/tokens/token_x'), 404, 'not_found');
  });

  it('answers 409 for what the state forbids', async () => {
    await refused(post('/apps/good/start-last-pushed-commit', {}), 409, 'no_previous');
    await refused(post('/apps/good/start-last-pushed-commit', { expectedLive: 'deployment_x' }), 409, 'live_changed');
    await refused(post('/apps/good/redeploy', {}), 409, 'nothing_pushed');
    await refused(post('/apps/good/start'), 409, 'app_not_stopped');
  });

  it('refuses missing, wrong and misplaced tokens', async () => {
    await refused(platform.call('GET', '/apps', undefined, { authorization: '' }), 401, 'unauthenticated');
    await refused(
      platform.call('GET', '/apps', undefined, { authorization: `Bearer ${platform.token}x` }),
      401,
      'token_invalid',
    );
    await refused(
      platform.call('GET', '/apps', undefined, { authorization: `Basic ${platform.token}` }),
      401,
      'unauthenticated',
    );
    await refused(
      platform.call('GET', `/apps?token=${platform.token}`, undefined, { authorization: '' }),
      401,
      'unauthenticated',
    );
  });

  /** Sends bytes as they are. */
  function raw(body: string | Buffer, headers: Record<string, string>): Promise<{ status: number; body: Wrong }> {
    return new Promise((resolve, reject) => {
      const url = new URL('/api/v1/apps', platform.consoleUrl);
      const sent = request(
        url,
        { method: 'POST', agent: false, headers: { authorization: `Bearer ${platform.token}`, ...headers } },
        (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  it('refuses bodies that are too large, not JSON, not UTF-8, poisoned or of another type', async () => {
    const json = { 'content-type': 'application/json' };
    await refused(raw(JSON.stringify({ name: 'x'.repeat(1024 * 1024) }), json), 413, 'request_too_large');
    await refused(raw('{"name":', json), 422, 'request_invalid');
    await refused(raw('', json), 422, 'request_invalid');
    await refused(raw('{"name":"ok-app","__proto__":{"admin":true}}', json), 422, 'request_invalid');
    await refused(raw('['.repeat(200_000), json), 422, 'request_invalid');
    await refused(raw(Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), json), 422, 'request_invalid');
    await refused(
      raw('name=x', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'media_type_unsupported',
    );
  });

  it('gives a repeated Idempotency-Key the first answer, and refuses it for another request', async () => {
    const key = { 'idempotency-key': 'create-once' };
    const first = await platform.call('POST', '/apps', { name: 'once' }, key);
    const second = await platform.call('POST', '/apps', { name: 'once' }, key);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    const other = await platform.call<Wrong>('POST', '/apps', { name: 'twice' }, key);
    expect([other.status, other.body.error.code]).toEqual([409, 'idempotency_mismatch']);
  });

  it('refuses pushes with unknown options, and to apps that are not there; keeps other branches undeployed', async () => {
    const repository = await Repository.create(platform.gitUrl('good'));
    try {
      await repository.commit('first', appSource({ version: 'v1' }));
      const option = await repository.git('push', '-o', 'nonsense;rm', 'clever', 'main');
      expect(option.code).not.toBe(0);
      expect(option.stderr).toContain('is not known');
      const missing = await repository.git('push', platform.gitUrl('nothing'), 'main');
      expect(missing.code).not.toBe(0);
      const branch = await repository.git('push', 'clever', 'main:refs/heads/feature', 'main:refs/tags/v1');
      expect(branch.code).toBe(0);
      expect(branch.stderr).toContain('feature is kept but not deployed');
      expect(await state()).toBe(before);
      expect((await repository.push()).stderr).toContain('is live at');
      const deletion = await repository.git('push', 'clever', ':main');
      expect(deletion.code).not.toBe(0);
      expect(deletion.stderr).toContain('cannot be deleted');
      expect((await platform.get('good')).status).toBe(200);
    } finally {
      await repository.remove();
    }
  });

  it('serves an OpenAPI document that names every route', async () => {
    const response = await fetch(`${platform.consoleUrl}/api/v1/openapi.json`);
    const document = (await response.json()) as { openapi: string; paths: Record<string, unknown> };
    expect(document.openapi).toMatch(/^3\./);
    expect(Object.keys(document.paths)).toContain('/api/v1/apps/{app}/start-last-pushed-commit');
  });
});
