/** People, tokens and who is told of what, over a running platform: the commands, git with every kind of token, webhooks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { DeliveryView, WebhookView } from '@teal/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../apps/cli/src/program.ts';
import { type Receiver, startReceiver } from '../../packages/webhooks/test/receiver.ts';
import { cookieOf, PASSWORD, Visitor } from '../attacks/people.ts';
import { until } from '../conformance/until.ts';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

let teal: TestPlatform;
let visitor: Visitor;
let repository: Repository;
let home: string;
let receiver: Receiver;
/** What the operator has allowed. */
const ALLOWED = '127.0.0.9';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'teal-home-'));
  receiver = await startReceiver(undefined, ALLOWED);
  teal = await TestPlatform.start({ engine: 'process', environment: { TEAL_WEBHOOK_ALLOW: ALLOWED } });
  visitor = new Visitor(teal);
  for (const app of ['shop', 'blog']) await teal.createApp(app);
  repository = await Repository.create(teal.gitUrl('shop'));
  await repository.commit('v1', appSource({ version: 'v1', status: 200 }));
});
afterAll(async () => {
  await repository?.remove();
  await teal?.destroy();
  await receiver?.close();
  await rm(home, { recursive: true, force: true });
});

/** The `teal` command with this token: exit code and what it printed. */
async function command(token: string, ...words: string[]) {
  let out = '';
  let err = '';
  const code = await run(words, {
    env: { XDG_CONFIG_HOME: home, PATH: process.env.PATH, TEAL_URL: teal.consoleUrl, TEAL_TOKEN: token },
    cwd: '/',
    stdin: Readable.from([]),
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe('webhooks', () => {
  it('are told of a push from its acceptance to its end', async () => {
    const added = await command(teal.token, 'webhooks', 'add', receiver.url, '--app', 'shop', '--name', 'ci');
    expect([added.code, added.out]).toEqual([0, expect.stringMatching(/^whsec_\S{44}\n$/)]);
    const slack = ['--form', 'slack', '--events', 'live,failed', '--name', 'chat'];
    expect((await command(teal.token, 'webhooks', 'add', `${receiver.url}/slack`, ...slack)).code).toBe(0);
    expect((await repository.git('push', 'clever', 'main')).stderr).toContain('is live at');
    const told = await until('all three are told', () => receiver.received.length === 3 && receiver.received);
    const events = told.map(({ path, headers }) => [path, headers['teal-event']]);
    expect(events).toContainEqual(['/hook', 'deployment.queued']);
    expect(events).toContainEqual(['/hook', 'deployment.live']);
    expect(events).toContainEqual(['/hook/slack', 'deployment.live']);
    const live = told.find(({ path, headers }) => path === '/hook' && headers['teal-event'] === 'deployment.live');
    const [deployment] = await teal.deployments('shop');
    expect(JSON.parse(live?.body ?? '').data).toMatchObject({
      app: { name: 'shop' },
      deployment: { id: deployment?.id, commit: { message: 'v1' }, link: expect.stringContaining('/apps/shop/') },
    });
    const shown = await command(teal.token, 'webhooks', 'deliveries', 'ci', '--app', 'shop');
    expect(shown.out.split('\n').filter((line) => line.includes('delivered'))).toHaveLength(2);
    const list = await command(teal.token, 'webhooks', 'list');
    expect(list.out).toContain('live, failed');
    // Of an address, which may be a secret, the host alone.
    expect(list.out).not.toContain('/hook');
    expect((await command(teal.token, 'webhooks', 'list', '--app', 'blog')).out).toBe('');
  });

  it('case 30: are refused inside addresses when they connect, and say so', async () => {
    const inside = await startReceiver(undefined, '127.0.0.1');
    try {
      const targets = [inside.url, `http://localhost:${inside.port}/`, `http://[::ffff:7f00:1]:${inside.port}/`];
      for (const [index, url] of [...targets, 'http://169.254.169.254/latest/meta-data/', teal.consoleUrl].entries()) {
        const name = `inside-${index}`;
        expect((await command(teal.token, 'webhooks', 'add', url, '--app', 'blog', '--name', name)).code).toBe(0);
        const tested = await command(teal.token, 'webhooks', 'test', name, '--app', 'blog');
        expect([tested.code, tested.err]).toEqual([1, expect.stringContaining('the address is internal')]);
        expect((await command(teal.token, 'webhooks', 'remove', name, '--app', 'blog')).code).toBe(0);
      }
      expect(inside.received).toEqual([]);
    } finally {
      await inside.close();
    }
    for (const url of ['ftp://x.test/', 'http://user:pass@x.test/', 'file:///etc/passwd', 'x'])
      expect((await command(teal.token, 'webhooks', 'add', url)).code).toBe(2);
    expect((await command(teal.token, 'webhooks', 'test', 'nobody')).code).toBe(3);
  });

  it('can be tried, are 20 at most, and belong to their owner alone', async () => {
    const tested = await command(teal.token, 'webhooks', 'test', 'ci', '--app', 'shop');
    expect([tested.code, tested.out]).toEqual([0, expect.stringContaining('answered 204')]);
    expect(receiver.received.at(-1)?.headers['teal-event']).toBe('test');
    const admin = visitor.as(teal.token);
    const { webhooks } = (await admin('GET', '/apps/shop/webhooks')).body as unknown as { webhooks: WebhookView[] };
    const { id, lastDelivery } = webhooks[0] as WebhookView;
    expect(lastDelivery).toMatchObject({ event: 'test', state: 'delivered' } satisfies Partial<DeliveryView>);
    const organisation = (await teal.app('shop')).organisationId;
    for (const path of [`/apps/blog/webhooks/${id}`, `/organisations/${organisation}/webhooks/${id}`]) {
      expect((await admin('GET', `${path}/deliveries`)).status).toBe(404);
      expect((await admin('POST', `${path}/test`)).status).toBe(404);
      expect((await admin('DELETE', path)).status).toBe(404);
    }
    const body = { url: 'https://x.test/' };
    const more = await Promise.all(Array.from({ length: 24 }, () => admin('POST', '/apps/blog/webhooks', body)));
    expect(more.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(more.find(({ status }) => status !== 201)?.body.error?.code).toBe('webhook_limit');
  });
});

it('mails go to who wants them: teal notifications', async () => {
  const row = /^failures +on +as for everybody\nsuccesses +off +as for everybody\n$/;
  expect((await command(teal.token, 'notifications')).out).toMatch(row);
  const own = await command(teal.token, 'notifications', 'failures=off', 'successes=on');
  expect(own.out).toMatch(/^failures +off +for everybody: on\nsuccesses +on +for everybody: off\n$/);
  await repository.commit('v2', appSource({ version: 'v2', status: 200 }));
  expect((await repository.git('push', 'clever', 'main')).stderr).toContain('is live at');
  const mails = await until('a mail', async () => {
    const all = (await teal.mails()) as { subject: string; text: string }[];
    return all.length > 0 && all;
  });
  expect(mails[0]?.subject).toMatch(/^\[Teal\] shop: [0-9a-f]{7} is live$/);
  expect(mails[0]?.text).toContain('/apps/shop/deployments/');
  expect((await command(teal.token, 'notifications', 'failures=default', 'successes=default')).out).toMatch(row);
  expect((await command(teal.token, 'notifications', 'failures=off', '--everybody')).out).toMatch(/^failures +off/);
  expect((await command(teal.token, 'notifications', 'failures=on', '--everybody')).out).toMatch(row);
  for (const wrong of [['failures=yes'], ['all=on'], ['failures=default', '--everybody']])
    expect((await command(teal.token, 'notifications', ...wrong)).code).toBe(2);
});

describe('git with tokens', () => {
  const withToken = (token: string, app = 'shop') => {
    const url = new URL(teal.gitUrl(app));
    url.password = token;
    return url.href;
  };
  const push = (token: string, branch: string, app = 'shop') =>
    repository.git('push', withToken(token, app), `main:${branch}`);
  const clone = (token: string, app = 'shop') => repository.git('ls-remote', withToken(token, app));
  const make = async (...options: string[]) => {
    const made = await command(teal.token, 'tokens', 'create', 'git', ...options);
    expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^teal_\S+\n$/)]);
    return made.out.trim();
  };

  it('clones with read, pushes with deploy, and does neither with what is over or for another app', async () => {
    const read = await make('--scope', 'read');
    expect((await clone(read)).code).toBe(0);
    expect(await push(read, 'by-read')).toMatchObject({ code: expect.not.toBeOneOf([0]) });
    const deploy = await make('--scope', 'deploy', '--app', 'shop');
    expect((await clone(deploy)).code).toBe(0);
    expect((await push(deploy, 'by-deploy')).code).toBe(0);
    for (const result of [await clone(deploy, 'blog'), await push(deploy, 'x', 'blog')])
      expect([result.code, result.stderr]).toEqual([128, expect.stringMatching(/not found/)]);
    const me = (await visitor.as(teal.token)('GET', '/me')).body as unknown as { user: { id: string } };
    for (const over of [await teal.expiredToken(me.user.id), `${deploy}x`, 'nonsense'])
      for (const result of [await clone(over), await push(over, 'x')]) expect(result.code).toBe(128);
    const refs = (await clone(teal.token)).stdout;
    expect(refs).toContain('refs/heads/by-deploy');
    expect(refs).not.toMatch(/by-read|heads\/x/);
  });

  it('ends at once when the token is revoked', async () => {
    const token = await make('--expires', '1');
    expect((await clone(token)).code).toBe(0);
    const { tokens } = JSON.parse((await command(teal.token, 'tokens', 'list', '--json')).out);
    const { id } = tokens.at(-1);
    expect(tokens.at(-1)).toMatchObject({ name: 'git', scope: 'full', expiresAt: expect.any(String) });
    expect((await command(teal.token, 'tokens', 'revoke', id)).code).toBe(0);
    expect((await clone(token)).code).toBe(128);
  });
});

describe('teal orgs, members, tokens and activity', () => {
  it('take an organisation from its beginning to its end', async () => {
    const token = teal.token;
    expect((await command(token, 'orgs', 'create', 'Lab')).out).toContain('made Lab');
    expect((await command(token, 'orgs', 'list')).out).toMatch(/^Lab +admin/m);
    // Two of them: it must be said which.
    for (const words of [
      ['members', 'list'],
      ['members', 'invite', 'x@example.test'],
      ['activity', '--org', 'No'],
    ])
      expect((await command(token, ...words)).code).toBeOneOf([2, 3]);
    const invited = await command(token, 'members', 'invite', 'Grace@example.test', '--role', 'viewer', '--org', 'Lab');
    expect(invited.out).toContain('invited grace@example.test as viewer');
    expect((await command(token, 'members', 'list', '--org', 'Lab')).out).toMatch(
      /grace@example.test +viewer +invited/,
    );

    const secret = await visitor.mailed('grace@example.test', 'invites you');
    const body = { secret, name: 'Grace', password: PASSWORD };
    const accepted = await visitor.api('POST', '/invitations/accept', { body });
    const grace = (
      (await visitor.with(cookieOf(accepted))('POST', '/tokens', { name: 'hers' })).body as unknown as {
        secret: string;
      }
    ).secret;
    expect((await command(grace, 'members', 'list')).out).toMatch(/grace@example.test +viewer +Grace/);
    expect((await command(grace, 'members', 'role', 'grace@example.test', 'admin')).code).toBe(4);
    expect((await command(grace, 'activity', '--org', 'Lab')).code).toBe(4);

    const role = ['members', 'role', 'grace@example.test'];
    expect((await command(token, ...role, 'manager', '--org', 'Lab')).out).toContain('is manager now');
    expect((await command(token, ...role, 'owner', '--org', 'Lab')).code).toBe(2);
    const ofLab = await command(grace, 'tokens', 'create', 'robot', '--org', 'Lab', '--scope', 'read');
    expect(ofLab.out).toMatch(/^teal_/);
    expect((await command(grace, 'tokens', 'list', '--org', 'Lab')).out).toContain('robot');
    expect((await command(ofLab.out.trim(), 'orgs', 'list')).out).toMatch(/^Lab +manager/);
    expect((await command(grace, 'tokens', 'revoke', 'robot', '--org', 'Lab')).code).toBe(0);
    expect((await command(grace, 'tokens', 'revoke', 'robot', '--org', 'Lab')).code).toBe(3);

    const activity = await command(token, 'activity', '--org', 'Lab');
    expect(activity.out).toMatch(/Grace +organisation.token-created/);
    expect(activity.out).toMatch(/admin +organisation.member-changed/);
    expect((await command(token, 'activity', '--app', 'shop')).out).toMatch(/app\.pushed/);

    expect((await command(grace, 'orgs', 'leave', 'Lab')).out).toContain('left Lab');
    expect((await command(grace, 'orgs', 'list')).out).toBe('');
    expect((await command(token, 'members', 'remove', 'grace@example.test', '--org', 'Lab')).code).toBe(3);
    // The last admin stays.
    expect((await command(token, 'orgs', 'leave', 'Lab')).code).toBe(5);
  });
});
