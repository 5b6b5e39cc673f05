import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeTeal, openEvents, refuse, startFakeTeal } from './fake-teal.ts';
import { COMMIT, DEPLOYMENT_ID, givenApp, givenDeployment, runTeal } from './given.ts';

let teal: FakeTeal;
beforeEach(async () => {
  teal = await startFakeTeal();
});
afterEach(() => teal.close());

const APP = '/api/v1/apps/hello';

test('every command that changes something sends an Idempotency-Key, no two the same', async () => {
  teal.on('POST /api/v1/apps', () => givenApp());
  teal.on(`PATCH ${APP}/environment`, () => ({ variables: {}, pending: true }));
  teal.on(`PATCH ${APP}`, () => givenApp());
  await runTeal(teal, ['apps', 'create', 'hello']);
  await runTeal(teal, ['env', 'set', 'A=1=2', '-a', 'hello']);
  await runTeal(teal, ['settings', 'after-flip=stop', 'scale=2', 'deployBranch=trunk', '-a', 'hello']);
  const keys = teal.requests.map((request) => request.headers['idempotency-key']);
  expect(keys.every((key) => typeof key === 'string' && key.length > 20)).toBe(true);
  expect(new Set(keys).size).toBe(3);
  expect(teal.requests.map((request) => request.body)).toEqual([
    { name: 'hello' },
    { set: { A: '1=2' } },
    { settings: { afterFlip: 'stop', scale: 2 }, deployBranch: 'trunk' },
  ]);
});

test('a request whose answer was lost is sent again with the same key', async () => {
  let attempts = 0;
  teal.on('POST /api/v1/apps', (_, answer) => {
    attempts += 1;
    if (attempts > 1) return givenApp();
    answer.socket?.resetAndDestroy();
    return undefined;
  });
  expect((await runTeal(teal, ['apps', 'create', 'hello'])).exit).toBe(0);
  const [first, second] = teal.requests.map((request) => request.headers['idempotency-key']);
  expect(second).toBe(first);
});

test('start-last-pushed-commit says what it starts, sends what it saw live, and tells the milliseconds', async () => {
  const previous = {
    releaseId: 'release_0',
    commit: { commit: 'b'.repeat(40), author: 'Ada', message: 'Older' },
    liveAt: '2026-11-21T08:30:00.000Z',
    standing: 'asleep' as const,
    environmentDiffers: false,
  };
  const last = givenDeployment({ state: 'failed', commit: { commit: 'c'.repeat(40), author: 'Ada', message: 'Bad' } });
  teal.on(`GET ${APP}`, () => givenApp({ previous, lastDeployment: last }));
  teal.on('GET /api/v1/apps/app_1', () => givenApp({ previous }));
  const started = givenDeployment({ trigger: 'revive', state: 'queued', times: {}, commit: previous.commit });
  teal.on('POST /api/v1/apps/app_1/start-last-pushed-commit', () => ({
    deployment: started,
    warnings: ['Variables differ.'],
  }));
  teal.on(`GET /api/v1/apps/app_1/deployments/${DEPLOYMENT_ID}/log/events`, (_, answer) => {
    openEvents(answer)('ended', { ...started, state: 'live' });
    answer.end();
  });
  const { exit, out, err } = await runTeal(teal, ['start-last-pushed-commit', 'hello']);
  expect(exit).toBe(0);
  expect(out).toMatch(/^starts bbbbbbb "Older", version of \d\d:\d\d; not the failed ccccccc\n/);
  expect(out).toMatch(/bbbbbbb is live at \S+ \(\d+ ms\)/);
  expect(err).toContain('Variables differ.');
  const sent = teal.requests.find((request) => request.method === 'POST');
  expect(sent?.body).toEqual({ expectedLive: DEPLOYMENT_ID });
});

test('a double click is told that what is live has changed', async () => {
  teal.on(`GET ${APP}`, () => givenApp({ live: null }));
  teal.on('POST /api/v1/apps/app_1/start-last-pushed-commit', ({ body }, answer) => {
    expect(body).toEqual({ expectedLive: null });
    return refuse(answer, 409, 'live_changed', 'What is live has changed.');
  });
  const { exit, err } = await runTeal(teal, ['start-last-pushed-commit', 'hello']);
  expect({ exit, err }).toEqual({ exit: 5, err: 'teal: What is live has changed. [live_changed]\n' });
});

test('--json prints one document that is what the server said', async () => {
  teal.on('GET /api/v1/apps', () => ({ apps: [givenApp()] }));
  teal.on(`GET ${APP}/deployments`, () => ({ deployments: [givenDeployment()], next: null }));
  const apps = await runTeal(teal, ['apps', 'list', '--json']);
  expect(JSON.parse(apps.out)).toEqual({ apps: [givenApp()] });
  const deployments = await runTeal(teal, ['deployments', 'hello', '--json']);
  expect(JSON.parse(deployments.out)).toEqual({ deployments: [givenDeployment()], next: null });
  expect(apps.err + deployments.err).toBe('');
});

test('apps delete asks first, and without a terminal needs --yes', async () => {
  teal.on(`GET ${APP}`, () => givenApp());
  teal.on('DELETE /api/v1/apps/app_1', (_, answer) => void answer.writeHead(204).end());
  expect((await runTeal(teal, ['apps', 'delete', 'hello'])).exit).toBe(2);
  expect(teal.requests.some((request) => request.method === 'DELETE')).toBe(false);
  expect((await runTeal(teal, ['apps', 'delete', 'hello', '--yes'])).exit).toBe(0);
  expect(teal.requests.some((request) => request.method === 'DELETE')).toBe(true);
});

test('cancel takes the running deployment, or the one whose id begins so', async () => {
  const running = givenDeployment({ state: 'building', times: {} });
  const path = `${APP}/deployments/${DEPLOYMENT_ID}`;
  teal.on(`GET ${APP}`, () => givenApp({ running }));
  teal.on(`GET ${APP}/deployments`, () => ({ deployments: [running], next: null }));
  teal.on(`POST ${path}/cancel`, () => running);
  teal.on(`GET ${path}`, () => ({ ...running, state: 'cancelled' }));
  expect((await runTeal(teal, ['cancel', '-a', 'hello'])).out).toContain('cancelled 3f2c1a9');
  expect((await runTeal(teal, ['cancel', '1f2e3d', '-a', 'hello'])).out).toContain('cancelled 3f2c1a9');
  expect((await runTeal(teal, ['cancel', 'ffff', '-a', 'hello'])).exit).toBe(3);
});

test('cancel without a running deployment is a conflict', async () => {
  teal.on(`GET ${APP}`, () => givenApp());
  expect((await runTeal(teal, ['cancel', '-a', 'hello'])).exit).toBe(5);
});

test('a redeploy names the commit in full where the repository knows it, else as given', async () => {
  teal.on(`POST ${APP}/redeploy`, () => ({ deployment: givenDeployment({ state: 'queued' }), warnings: [] }));
  const { exit, out } = await runTeal(teal, ['redeploy', COMMIT.slice(0, 9), '-a', 'hello']);
  expect(exit).toBe(0);
  expect(out).toContain('teal logs --deployment 1f2e3d4c -f');
  expect(teal.requests[0]?.body).toEqual({ commit: COMMIT.slice(0, 9) });
  expect((await runTeal(teal, ['redeploy', '--upload-pack=x', '-a', 'hello'])).exit).toBe(2);
});

test('the mailbox lists the newest first, and shows one by its number', async () => {
  const mail = (id: string, receivedAt: string) => ({
    id,
    receivedAt,
    from: 'teal@x',
    to: ['a@x'],
    subject: `Mail ${id}`,
    text: 'one\ntwo\n',
  });
  teal.on('GET /api/v1/mailbox', () => ({
    mails: [mail('old', '2026-11-21T08:00:00.000Z'), mail('new', '2026-11-21T09:00:00.000Z')],
  }));
  expect((await runTeal(teal, ['mailbox'])).out).toMatch(/^1 +Mail new.*\n2 +Mail old/);
  expect((await runTeal(teal, ['mailbox', '2'])).out).toContain('Subject: Mail old\n\none\ntwo\n');
  expect((await runTeal(teal, ['mailbox', '3'])).exit).toBe(3);
});

test('reaches a host below .localhost over the loopback address', async () => {
  teal.on('GET /api/v1/apps', () => ({ apps: [] }));
  const url = `http://console.teal.localhost:${teal.port}`;
  expect((await runTeal(teal, ['apps', 'list'], { env: { TEAL_URL: url } })).exit).toBe(0);
  expect(teal.requests[0]?.headers.host).toBe(`console.teal.localhost:${teal.port}`);
});
