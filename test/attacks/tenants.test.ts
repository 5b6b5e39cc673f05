/** Cases 20 and 21, generated from the server's own table of routes: a new route is covered by itself. */
import { PERMISSIONS, type Permission } from '@teal/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPlatform } from '../e2e/platform.ts';
import { type Sending, Visitor } from './people.ts';

interface Route {
  method: string;
  url: string;
  permission: Permission | 'public';
}

/** Of one's own, of the neighbour, and of nobody: what an address may name. */
interface Names {
  app: string;
  organisation: string;
}

let platform: TestPlatform;
let visitor: Visitor;
let neighbour: { token: string; names: Names; app: string };
let own: Names;
let adminId: string;
let routes: Route[];
/** All that anybody could have changed. */
let before: string;

async function state(): Promise<string> {
  const theirs = visitor.as(neighbour.token);
  const ours = visitor.as(platform.token);
  const answers = await Promise.all([
    theirs('GET', `/apps/${neighbour.app}/environment`),
    theirs('GET', '/apps'),
    theirs('GET', '/organisations'),
    theirs('GET', `/organisations/${neighbour.names.organisation}/members`),
    theirs('GET', `/organisations/${neighbour.names.organisation}/tokens`),
    theirs('GET', `/organisations/${neighbour.names.organisation}/activity`),
    ours('GET', '/apps'),
    ours('GET', '/tokens'),
    ours('GET', '/certificates'),
  ]);
  // When a token was used last changes by using it.
  return answers.map(({ status, text }) => `${status} ${text.replaceAll(/"lastUsedAt":[^,}]*/g, '')}`).join('\n');
}

/** The route's address with every name filled in. */
function addressOf(url: string, names: Names): string {
  return url
    .replace(':app', names.app)
    .replace(':organisation', names.organisation)
    .replaceAll(/:\w+/g, 'x_0b54bf0e-6f8b-4c3c-9f39-2d2a0f2f1d11')
    .replace('*', 'x.git/info/refs');
}

async function makeToken(body: object): Promise<string> {
  const made = await visitor.as(platform.token)('POST', '/tokens', { name: 'test', ...body });
  return (made.body as unknown as { secret: string }).secret;
}

beforeAll(async () => {
  platform = await TestPlatform.start({ engine: 'process' });
  visitor = new Visitor(platform);
  const me = (await visitor.as(platform.token)('GET', '/me')).body as unknown as {
    organisation: { id: string };
    user: { id: string };
  };
  adminId = me.user.id;
  const { id } = await platform.createApp('ours');
  own = { app: id, organisation: me.organisation.id };

  const { cookie } = await visitor.join(own.organisation, 'bob@example.test', 'viewer');
  const bob = visitor.with(cookie);
  const made = (await bob('POST', '/organisations', { name: 'theirs' })).body as unknown as { id: string };
  const app = (await bob('POST', '/apps', { name: 'their-app', organisation: made.id })).body as unknown as {
    id: string;
  };
  await bob('PATCH', `/apps/${app.id}/environment`, { set: { SECRET: 'of theirs' } });
  await bob('DELETE', `/organisations/${own.organisation}/membership`);
  const token = ((await bob('POST', '/tokens', { name: 'bob' })).body as unknown as { secret: string }).secret;
  neighbour = { token, names: { app: app.id, organisation: made.id }, app: 'their-app' };
  routes = platform.routes.map(({ method, url, permission }) => ({ method, url, permission }));
  before = await state();
  expect(before).not.toMatch(/^(4|5)/m);
});
afterAll(async () => {
  if (platform === undefined) return;
  await visitor.as(neighbour.token)('DELETE', '/apps/their-app');
  await platform.destroy();
});

const isProtected = ({ permission, method }: Route) => permission !== 'public' && method !== 'OPTIONS';
const namesSomething = ({ url }: Route) => url.includes(':app') || url.includes(':organisation');
/** An error without its sentence and facts. */
function withoutNames(text: string): string {
  return text.replaceAll(/"(message|details)":("[^"\\]*(\\.[^"\\]*)*"|\{[^}]*\})/g, '');
}

/** Routes are sent as they are in the table: below the API's root, or beside it. */
const send = (route: Route, names: Names, headers: Record<string, string>) =>
  visitor.send({ method: route.method, path: addressOf(route.url, names), headers });

describe('case 20: another organisation’s things', () => {
  it('are not there, on any route, by id, by name, and with a token of any kind', async () => {
    const named = routes.filter((route) => isProtected(route) && namesSomething(route));
    expect(named.length).toBeGreaterThan(30);
    const tokens = [
      platform.token,
      await makeToken({ scope: 'read' }),
      await makeToken({ scope: 'deploy', app: 'ours' }),
    ];
    before = await state();
    const nobodys = { app: 'no-such-app', organisation: 'orga_none' };
    const check = async (route: Route, token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const missing = await send(route, nobodys, headers);
      for (const names of [neighbour.names, { ...neighbour.names, app: neighbour.app }]) {
        const { status, text } = await send(route, names, headers);
        const what = `${route.method} ${route.url}`;
        expect([what, status]).toEqual([what, 404]);
        // Nothing tells what is somebody else's from what is nowhere, but the name that was asked for.
        expect(withoutNames(text)).toBe(withoutNames(missing.text));
        expect(text).not.toContain('of theirs');
      }
    };
    for (const route of named) await Promise.all(tokens.map((token) => check(route, token)));
    expect(await state()).toBe(before);
  });
});

describe('case 21: every route', () => {
  it('without credentials is 401; case 27: with a token one character off, or in the address, too', async () => {
    for (const route of routes.filter(isProtected)) {
      const what = `${route.method} ${route.url}`;
      const path = addressOf(route.url, own);
      const sendings: Sending[] = [
        { path },
        { path, headers: { authorization: `Bearer ${platform.token}x` } },
        { path: `${path}?token=${platform.token}&access_token=${platform.token}` },
        { path, headers: { cookie: 'teal_session=nobody', origin: visitor.origin } },
      ];
      const answers = await Promise.all(sendings.map((sending) => visitor.send({ method: route.method, ...sending })));
      expect([what, answers.map(({ status }) => status)]).toEqual([what, [401, 401, 401, 401]]);
    }
    expect(await state()).toBe(before);
  });

  it('with an expired token is 401', async () => {
    const token = await platform.expiredToken(adminId);
    before = await state();
    for (const route of routes.filter(isProtected)) {
      const what = `${route.method} ${route.url}`;
      expect([what, (await send(route, own, { authorization: `Bearer ${token}` })).status]).toEqual([what, 401]);
    }
    expect(await state()).toBe(before);
  });

  it.each(['read', 'deploy'] as const)(
    'with a token of scope %s is 403 where the table does not grant it',
    async (scope) => {
      const token = await makeToken({ scope });
      before = await state();
      let refused = 0;
      for (const route of routes.filter(isProtected)) {
        const granted = (PERMISSIONS[route.permission as Permission].scopes as readonly string[]).includes(scope);
        if (granted) continue;
        refused += 1;
        const what = `${route.method} ${route.url}`;
        expect([what, (await send(route, own, { authorization: `Bearer ${token}` })).status]).toEqual([what, 403]);
      }
      expect(refused).toBeGreaterThan(20);
      expect(await state()).toBe(before);
    },
  );

  it('that changes something is beyond a read-only token', async () => {
    const changing = routes.filter((route) => isProtected(route) && !['GET', 'HEAD'].includes(route.method));
    const granted = changing.filter(({ permission }) =>
      PERMISSIONS[permission as Permission].scopes.some((scope) => scope === 'read'),
    );
    // Signing out is for everybody.
    expect(granted.map(({ method, url }) => `${method} ${url}`)).toEqual(['DELETE /api/v1/session']);
  });

  it('that is public is known by name', () => {
    const open = routes.filter(({ permission, url }) => permission === 'public' && url.startsWith('/api/'));
    const known = ['session', 'password-resets', 'password-resets/use', 'invitations/look-up', 'invitations/accept'];
    const names = open.filter(({ method }) => method === 'POST').map(({ url }) => url.replace('/api/v1/', ''));
    expect(names.sort()).toEqual(known.sort());
  });
});

it('a token of a viewer, and one for one app, get no further than the table says', async () => {
  const { cookie } = await visitor.join(own.organisation, 'viewer@example.test', 'viewer');
  const viewer = visitor.with(cookie);
  expect((await viewer('GET', '/apps/ours')).status).toBe(200);
  for (const [method, path] of [
    ['GET', '/apps/ours/environment'],
    ['PATCH', '/apps/ours'],
    ['POST', '/apps/ours/redeploy'],
    ['DELETE', '/apps/ours'],
    ['POST', '/apps'],
    ['GET', `/organisations/${own.organisation}/activity`],
    ['GET', '/mailbox'],
    ['GET', '/certificates'],
  ] as const)
    expect([path, (await viewer(method, path, method === 'GET' ? undefined : {})).status]).toEqual([path, 403]);
  await platform.createApp('second');
  const one = visitor.as(await makeToken({ app: 'ours' }));
  expect((await one('GET', '/apps')).body).toMatchObject({ apps: [{ name: 'ours' }] });
  expect((await one('GET', '/apps/second')).status).toBe(404);
  expect((await one('POST', '/tokens', { name: 'more' })).status).toBe(403);
  expect((await one('GET', '/apps/ours/environment')).status).toBe(200);
});
