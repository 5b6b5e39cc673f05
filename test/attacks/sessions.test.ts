/** Cases 22 to 29 and 33 to 36: sign-in, sessions, mail, hostile bodies, against a running platform. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../apps/cli/src/program.ts';
import { TestPlatform } from '../e2e/platform.ts';
import { cookieOf, PASSWORD, Visitor } from './people.ts';

let platform: TestPlatform;
let visitor: Visitor;
let organisation: string;
let addresses = 1;
/** A client that nobody has counted anything of. */
function elsewhere(): string {
  addresses += 1;
  return `127.0.${Math.floor(addresses / 250) + 1}.${(addresses % 250) + 1}`;
}
const ADMIN = 'admin@teal.localhost';

beforeAll(async () => {
  platform = await TestPlatform.start({ engine: 'process' });
  visitor = new Visitor(platform);
  const me = (await visitor.as(platform.token)('GET', '/me')).body as unknown as { organisation: { id: string } };
  organisation = me.organisation.id;
  await platform.createApp('ours');
  const set = await visitor.as(platform.token)('PUT', '/account/password', { password: PASSWORD });
  expect(set.status).toBe(204);
});
afterAll(() => platform?.destroy());
beforeEach(async () => {
  expect((await visitor.as(platform.token)('GET', '/apps/ours')).status).toBe(200);
});

it('case 22: a change is checked as its creation is', async () => {
  const admin = visitor.as(platform.token);
  for (const bad of [{ scale: 0 }, { memoryMib: -1 }, { unknown: 1 }]) {
    expect((await admin('POST', '/apps', { name: 'other', settings: bad })).status).toBe(422);
    expect((await admin('PATCH', '/apps/ours', { settings: bad })).status).toBe(422);
  }
  const { userId } = { userId: (await admin('GET', '/me')).body as unknown as { user: { id: string } } };
  const member = `/organisations/${organisation}/members/${userId.user.id}`;
  expect((await admin('PATCH', member, { role: 'owner' })).status).toBe(422);
  expect((await admin('PATCH', `/organisations/${organisation}`, { name: '' })).status).toBe(422);
  expect((await admin('POST', '/organisations', { name: '' })).status).toBe(422);
});

it('case 23: hostile bodies are 4xx', async () => {
  const headers = { authorization: `Bearer ${platform.token}` };
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  for (const [body, type] of [
    ['{"name":"x1","__proto__":{"admin":true}}', 'application/json'],
    ['{"name":"x1","constructor":{"prototype":{}}}', 'application/json'],
    [deep, 'application/json'],
    [`{"name":"${'x'.repeat(10 * 1024 * 1024)}"}`, 'application/json'],
    ['name=x1', 'application/x-www-form-urlencoded'],
    ['{"name":"x1"', 'application/json'],
    [Buffer.from('{"name":"x1","organisation":"\xff\xfe"}', 'latin1'), 'application/json'],
  ] as const) {
    const sent = visitor.api('POST', '/apps', { body, headers: { ...headers, 'content-type': type } });
    // A body beyond the limit may be cut off while it is still being sent.
    const status = await sent.then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect([413, 415, 422, 'EPIPE', 'ECONNRESET']).toContain(status);
  }
  expect((await visitor.as(platform.token)('GET', '/apps/x1')).status).toBe(404);
  // Where any text is good, bytes that are none must not become others.
  const body = Buffer.from('{"set":{"A":"\xff"}}', 'latin1');
  const bytes = await visitor.api('PATCH', '/apps/ours/environment', {
    body,
    headers: { ...headers, 'content-type': 'application/json' },
  });
  expect([bytes.status, bytes.body.error?.message]).toEqual([422, expect.stringContaining('UTF-8')]);
});

describe('case 24: guessing', () => {
  it('1,000 times gets 429 by address and account, while the owner gets in from elsewhere', async () => {
    const statuses = new Map<number, number>();
    for (let batch = 0; batch < 50; batch += 1) {
      const guesses = Array.from({ length: 20 }, (_, n) =>
        visitor.signIn(ADMIN, `guess number ${batch * 20 + n}`, { from: '127.0.0.66' }),
      );
      for (const { status } of await Promise.all(guesses)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses.keys()].sort()).toEqual([401, 429]);
    expect(statuses.get(401)).toBeLessThanOrEqual(10);
    expect((await visitor.signIn(ADMIN, PASSWORD, { from: '127.0.0.66' })).status).toBe(429);
    expect((await visitor.signIn(ADMIN, PASSWORD, { from: elsewhere() })).status).toBe(200);
  });

  it('from many addresses leaves the owner some tries from one that is new', async () => {
    const who = 'spread@example.test';
    await visitor.join(organisation, who, 'viewer');
    for (let n = 0; n < 60; n += 1) await visitor.signIn(who, 'a wrong password', { from: elsewhere() });
    const from = elsewhere();
    const answers = [];
    for (let n = 0; n < 4; n += 1) answers.push((await visitor.signIn(who, 'a wrong password', { from })).status);
    expect(answers).toEqual([401, 401, 401, 429]);
    expect((await visitor.signIn(who, PASSWORD, { from: elsewhere() })).status).toBe(200);
  });
});

it('case 25: nobody and a wrong password get the same answer, with the same work', async () => {
  const from = elsewhere();
  const wrong = await visitor.signIn(ADMIN, 'a wrong password', { from });
  const nobody = await visitor.signIn('nobody@example.test', 'a wrong password', { from });
  expect([nobody.status, nobody.text]).toEqual([wrong.status, wrong.text]);
  expect(wrong.status).toBe(401);
  // That nobody's password is hashed too is what the flood below shows: it has no known address in it.
});

describe('case 26: passwords', () => {
  it('of 200 characters are kept whole', async () => {
    const { cookie } = await visitor.join(organisation, 'long@example.test', 'viewer');
    const password = Array.from({ length: 200 }, (_, n) => String.fromCharCode(97 + (n % 26))).join('');
    const set = await visitor.with(cookie)('PUT', '/account/password', { password, current: PASSWORD });
    expect(set.status).toBe(204);
    expect((await visitor.signIn('long@example.test', password.slice(0, -1), { from: elsewhere() })).status).toBe(401);
    expect((await visitor.signIn('long@example.test', password, { from: elsewhere() })).status).toBe(200);
  });

  it('in a flood are checked a few at once, and the rest is told so', async () => {
    const flood = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        visitor.signIn(`a${n}@example.test`, 'a wrong password', { from: elsewhere() }),
      ),
    );
    const statuses = new Set(flood.map(({ status }) => status));
    expect([...statuses].sort()).toEqual([401, 503]);
    expect((await visitor.signIn(ADMIN, PASSWORD, { from: elsewhere() })).status).toBe(200);
  });

  it('that are short are refused', async () => {
    const answer = await visitor.as(platform.token)('PUT', '/account/password', {
      password: 'short',
      current: PASSWORD,
    });
    expect([answer.status, answer.body.error?.code]).toEqual([422, 'password_unfit']);
  });
});

it('case 28: X-Forwarded-For from who is not trusted changes nothing', async () => {
  const statuses = new Set<number>();
  for (let n = 0; n < 12; n += 1) {
    const headers = { 'x-forwarded-for': `203.0.113.${n}` };
    statuses.add(
      (await visitor.signIn('forwarded@example.test', 'a wrong one', { from: '127.0.0.77', headers })).status,
    );
  }
  expect(statuses).toContain(429);
  const { body } = await visitor.as(platform.token)('GET', `/organisations/${organisation}/activity?limit=200`);
  expect(JSON.stringify(body)).not.toContain('203.0.113.');
});

it('case 29: the same creation sent twice at once is one', async () => {
  const headers = { authorization: `Bearer ${platform.token}`, 'idempotency-key': 'one-token' };
  const create = () => visitor.api('POST', '/tokens', { headers, body: { name: 'twice' } });
  await Promise.all([create(), create(), create()]);
  await expect.poll(async () => (await create()).status).toBe(201);
  const { tokens } = (await visitor.as(platform.token)('GET', '/tokens')).body as unknown as {
    tokens: { name: string }[];
  };
  expect(tokens.filter(({ name }) => name === 'twice')).toHaveLength(1);
});

describe('case 34: another site', () => {
  it('gets 403 for changes and event streams, with the cookie of somebody signed in', async () => {
    const cookie = cookieOf(await visitor.signIn(ADMIN, PASSWORD, { from: elsewhere() }));
    for (const origin of ['https://evil.example', 'null', `${visitor.origin}.evil.example`]) {
      const headers = { cookie, origin };
      const made = await visitor.api('POST', '/apps', { headers, body: { name: 'foreign' } });
      expect([origin, made.status]).toEqual([origin, 403]);
      expect((await visitor.api('GET', '/events', { headers })).status).toBe(403);
      expect((await visitor.api('POST', '/session', { headers: { origin }, body: { token: 'x' } })).status).toBe(403);
    }
    // A cookie alone does not say where it comes from.
    expect((await visitor.api('POST', '/apps', { headers: { cookie }, body: { name: 'foreign' } })).status).toBe(403);
    const site = { cookie, 'sec-fetch-site': 'cross-site' };
    expect((await visitor.api('GET', '/apps', { headers: site })).status).toBe(403);
    expect((await visitor.with(cookie)('GET', '/apps/foreign')).status).toBe(404);
  });

  it('may not frame the console', async () => {
    const { headers } = await visitor.send({ path: '/' });
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });
});

describe('case 35: a session', () => {
  it('is a new one at each sign-in, whatever cookie came along', async () => {
    const fixed = 'teal_session=chosen-by-somebody-else';
    const first = cookieOf(await visitor.signIn(ADMIN, PASSWORD, { from: elsewhere(), headers: { cookie: fixed } }));
    expect(first).not.toBe(fixed);
    expect((await visitor.with(fixed)('GET', '/me')).status).toBe(401);
    const second = await visitor.signIn(ADMIN, PASSWORD, { from: elsewhere(), headers: { cookie: first } });
    expect((await visitor.with(first)('GET', '/me')).status).toBe(401);
    expect((await visitor.with(cookieOf(second))('GET', '/me')).status).toBe(200);
    expect(String(second.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
  });

  it('ends at sign-out and when the password changes, everywhere', async () => {
    const { cookie } = await visitor.join(organisation, 'leaves@example.test', 'viewer');
    const other = cookieOf(await visitor.signIn('leaves@example.test', PASSWORD, { from: elsewhere() }));
    const changed = await visitor.with(cookie)('PUT', '/account/password', {
      password: 'another long password',
      current: PASSWORD,
    });
    expect(changed.status).toBe(204);
    for (const ended of [cookie, other]) expect((await visitor.with(ended)('GET', '/me')).status).toBe(401);
    const now = cookieOf(changed);
    expect((await visitor.with(now)('GET', '/me')).status).toBe(200);
    expect((await visitor.with(now)('DELETE', '/session')).status).toBe(204);
    expect((await visitor.with(now)('GET', '/me')).status).toBe(401);
  });

  it('leads to no other site', async () => {
    for (const path of ['//evil.example', '/%2f%2fevil.example', '/\\evil.example', '/api/v1//evil.example']) {
      const { status, headers } = await visitor.send({ path });
      expect([path, status >= 300 && status < 400, headers.location]).toEqual([path, false, undefined]);
    }
  });
});

describe('case 36: an invitation', () => {
  it('is good once, for its address, until it is withdrawn', async () => {
    const admin = visitor.as(platform.token);
    const { cookie } = await visitor.join(organisation, 'there@example.test', 'viewer');
    const own = (await visitor.with(cookie)('POST', '/organisations', { name: 'another' })).body as unknown as {
      id: string;
    };
    const invite = (email: string) =>
      visitor.with(cookie)('POST', `/organisations/${own.id}/invitations`, { email, role: 'developer' });
    const accept = (body: object, headers: Record<string, string> = {}) =>
      visitor.api('POST', '/invitations/accept', { body, headers });

    const made = await invite('new@example.test');
    expect(made.text).not.toContain('secret');
    const secret = await visitor.mailed('new@example.test', 'invites you');
    // Somebody else who is signed in; then nobody, without and with what an account needs; then once more.
    const asAdmin = { authorization: `Bearer ${platform.token}` };
    expect((await accept({ secret }, asAdmin)).body.error?.code).toBe('invitation_invalid');
    expect((await accept({ secret })).status).toBe(422);
    expect((await accept({ secret: `${secret}x`, name: 'New', password: PASSWORD })).status).toBe(404);
    const both = await Promise.all([1, 2].map(() => accept({ secret, name: 'New', password: PASSWORD })));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect((await accept({ secret, name: 'New', password: PASSWORD })).status).toBe(404);

    // There is an account for this address: it has to be signed in to.
    await invite('admin@teal.localhost');
    const toAdmin = await visitor.mailed('admin@teal.localhost', 'invites you');
    expect((await accept({ secret: toAdmin, name: 'X', password: PASSWORD })).body.error?.code).toBe(
      'invitation_sign_in',
    );
    expect((await accept({ secret: toAdmin }, asAdmin)).status).toBe(200);
    expect((await admin('DELETE', `/organisations/${own.id}/membership`)).status).toBe(204);

    const gone = (await invite('gone@example.test')).body as unknown as { id: string };
    const withdrawn = await visitor.mailed('gone@example.test', 'invites you');
    expect((await visitor.with(cookie)('DELETE', `/organisations/${own.id}/invitations/${gone.id}`)).status).toBe(204);
    expect((await accept({ secret: withdrawn, name: 'Gone', password: PASSWORD })).status).toBe(404);
  });

  it('gives no role above one’s own', async () => {
    const { cookie } = await visitor.join(organisation, 'manager@example.test', 'manager');
    const body = { email: 'boss@example.test', role: 'admin' };
    const invited = await visitor.with(cookie)('POST', `/organisations/${organisation}/invitations`, body);
    expect([invited.status, invited.body.error?.code]).toEqual([403, 'role_too_high']);
  });
});

describe('a password reset', () => {
  it('answers the same for every address, and its link is good once', async () => {
    const { cookie } = await visitor.join(organisation, 'forgets@example.test', 'viewer');
    const ask = (email: string) => visitor.api('POST', '/password-resets', { body: { email }, from: elsewhere() });
    const [known, unknown] = [await ask('forgets@example.test'), await ask('nobody@example.test')];
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
    const secret = await visitor.mailed('forgets@example.test', 'new password');
    const use = () =>
      visitor.api('POST', '/password-resets/use', { body: { secret, password: 'a brand new password' } });
    expect((await use()).status).toBe(204);
    expect((await use()).status).toBe(404);
    expect((await visitor.with(cookie)('GET', '/me')).status).toBe(401);
    const from = elsewhere();
    expect((await visitor.signIn('forgets@example.test', PASSWORD, { from })).status).toBe(401);
    expect((await visitor.signIn('forgets@example.test', 'a brand new password', { from })).status).toBe(200);
  });
});

describe('a second factor', () => {
  it('is asked for after the right password only; each code is good once, a recovery code too', async () => {
    const email = 'careful@example.test';
    const { cookie } = await visitor.join(organisation, email, 'viewer');
    const me = visitor.with(cookie);
    const offer = (await me('POST', '/account/second-factor', { password: PASSWORD })).body as unknown as {
      secret: string;
    };
    const totp = new TOTP({ secret: Secret.fromBase32(offer.secret) });
    const first = totp.generate();
    const confirmed = await me('POST', '/account/second-factor/confirm', { code: first });
    const { recoveryCodes } = confirmed.body as unknown as { recoveryCodes: string[] };
    const signIn = (password: string, code?: string) => visitor.signIn(email, password, { from: elsewhere(), code });
    expect((await signIn('a wrong password')).body.error?.code).toBe('credentials_wrong');
    expect((await signIn(PASSWORD)).body.error?.code).toBe('second_factor_needed');
    expect((await signIn(PASSWORD, first)).body.error?.code).toBe('second_factor_wrong');
    const next = totp.generate({ timestamp: Date.now() + 30_000 });
    expect((await signIn(PASSWORD, next)).status).toBe(200);
    expect((await signIn(PASSWORD, next)).status).toBe(401);
    expect((await signIn(PASSWORD, recoveryCodes[0])).status).toBe(200);
    expect((await signIn(PASSWORD, recoveryCodes[0])).status).toBe(401);
  });
});

it('teal login takes e-mail, password and no code, and keeps a token that expires', async () => {
  const home = await mkdtemp(join(tmpdir(), 'teal-login-'));
  let out = '';
  const sink = {
    write(text: string) {
      out += text;
    },
  };
  const exit = await run(['login', platform.consoleUrl, '--email', ADMIN], {
    env: { XDG_CONFIG_HOME: home, PATH: process.env.PATH },
    cwd: '/',
    stdin: Readable.from([`${PASSWORD}\n`]),
    stdout: sink,
    stderr: sink,
    signal: new AbortController().signal,
  });
  const { token } = JSON.parse(await readFile(join(home, 'teal', 'config.json'), 'utf8'));
  await rm(home, { recursive: true });
  expect([exit, out]).toEqual([0, expect.stringContaining('as admin')]);
  const { tokens } = (await visitor.as(token)('GET', '/tokens')).body as unknown as { tokens: object[] };
  expect(tokens.at(-1)).toMatchObject({ name: expect.stringContaining('teal login'), expiresAt: expect.any(String) });
});

it('what changed is in the record, with who and from where, and without secrets', async () => {
  const admin = visitor.as(platform.token);
  await admin('PATCH', '/apps/ours/environment', { set: { SECRET: 'hunter2hunter2' } });
  await visitor.join(organisation, 'recorded@example.test', 'viewer');
  await admin('PATCH', '/apps/ours', { settings: { scale: 2 } });
  const { body } = await admin('GET', '/apps/ours/activity');
  const [settings, variables] = (body as unknown as { entries: object[] }).entries;
  expect(settings).toMatchObject({
    action: 'app.changed',
    actor: { name: 'admin', token: 'first token' },
    address: '127.0.0.1',
    facts: { scale: { before: 1, after: 2 } },
  });
  expect(variables).toMatchObject({ action: 'app.variables-changed', facts: { set: ['SECRET'] } });
  expect(JSON.stringify(body)).not.toContain('hunter2');
  const whole = await admin('GET', `/organisations/${organisation}/activity?limit=200`);
  expect(whole.text).toContain('organisation.member-joined');
  expect(whole.text).not.toContain(PASSWORD);
});
