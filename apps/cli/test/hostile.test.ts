import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeTeal, openEvents, refuse, startFakeTeal } from './fake-teal.ts';
import { DEPLOYMENT_ID, givenApp, givenDeployment, runTeal } from './given.ts';

let teal: FakeTeal;
beforeEach(async () => {
  teal = await startFakeTeal();
});
afterEach(() => teal.close());

const APP = '/api/v1/apps/hello';
const TITLE = '\u001b]0;owned\u0007';
const LINK = '\u001b]8;;javascript:alert(1)\u001b\\click\u001b]8;;\u001b\\';
const MOVES = '\u001b[2J\u001b[1;1H\u001bc\u009b31m\u0000\b\u007f';
const BIDI = '\u202egnp\u2066';
const EVIL = `a${TITLE}${LINK}${MOVES}${BIDI}z`;
// All that may be in the output: text, line ends, tabs, colours.
const HARMLESS = /^(?:\u001b\[[0-9;]*m|[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069])*$/;

function givenEvil(): void {
  const commit = { commit: EVIL, author: EVIL, message: `${EVIL}\nsecond line` };
  const failure = { phase: 'building' as const, code: 'build_failed', reason: EVIL };
  const deployment = givenDeployment({ commit, failure, state: 'failed', cancelReason: EVIL });
  const live = { deploymentId: DEPLOYMENT_ID, releaseId: 'release_1', colour: 'blue' as const, commit, since: EVIL };
  const app = givenApp({ name: EVIL, url: EVIL, gitUrl: EVIL, live, lastDeployment: deployment });
  const mail = {
    id: 'mail_1',
    receivedAt: '2026-11-21T08:00:00.000Z',
    from: EVIL,
    to: [EVIL],
    subject: EVIL,
    text: `${EVIL}\n${EVIL}`,
  };
  const line = { sequence: 1, at: 0, phase: 'building', source: 'build', text: EVIL };
  teal.on('GET /api/v1/apps', () => ({ apps: [app] }));
  teal.on('POST /api/v1/apps', () => app);
  teal.on(`GET ${APP}`, () => app);
  teal.on(`GET ${APP}/environment`, () => ({ variables: { [EVIL]: EVIL }, pending: true }));
  teal.on(`GET ${APP}/deployments`, () => ({ deployments: [deployment], next: null }));
  teal.on(`GET ${APP}/deployments/${DEPLOYMENT_ID}`, () => deployment);
  teal.on(`GET ${APP}/deployments/${DEPLOYMENT_ID}/log`, () => ({ lines: [line], ended: true }));
  teal.on(`GET ${APP}/logs`, () => ({ lines: [{ instanceId: EVIL, number: 0, text: EVIL }] }));
  const entry = {
    ...{ at: EVIL, colour: null, instanceId: EVIL, clientHost: EVIL, protocol: 'http', host: EVIL, method: EVIL },
    ...{ path: `/${EVIL}\n02:00:00  200  GET  forged`, status: 200, bytesIn: 0, bytesOut: 1, durationMs: 1 },
  };
  teal.on(`GET ${APP}/access-log`, () => ({ entries: [entry] }));
  teal.on('GET /api/v1/mailbox', () => ({ mails: [mail] }));
  teal.on('GET /api/v1/tokens', () => ({
    tokens: [{ id: EVIL, name: EVIL, prefix: EVIL, createdAt: EVIL, lastUsedAt: EVIL }],
  }));
  teal.on('GET /api/v1/apps/refused', (_, answer) => refuse(answer, 422, EVIL, EVIL));
}

test.each([
  ['apps list'],
  ['apps create x'],
  ['status hello'],
  ['status refused'],
  ['deployments hello'],
  ['env list -a hello'],
  ['logs hello'],
  ['logs hello --access'],
  ['logs hello --deployment 1f2e3d4c'],
  ['wait -a hello'],
  ['mailbox'],
  ['mailbox 1'],
  ['tokens list'],
  ['open hello'],
  ['settings -a hello'],
])('%s carries nothing to the terminal that it would obey', async (line) => {
  givenEvil();
  for (const more of [[], ['--json']]) {
    const { out, err } = await runTeal(teal, [...line.split(' '), ...more], { isTTY: true });
    expect(out + err).not.toBe('');
    expect(out + err).toMatch(HARMLESS);
    // A link's or title's payload goes with it, except as JSON text, where it is inert.
    if (more.length === 0) expect(out + err).not.toContain('javascript:');
  }
});

test('colours of a log stay on a terminal, end with their line, and go where there is none', async () => {
  const line = { sequence: 1, at: 0, phase: 'building', source: 'build', text: '\u001b[31mred' };
  teal.on(`GET ${APP}/deployments/${DEPLOYMENT_ID}`, () => givenDeployment());
  teal.on(`GET ${APP}/deployments/${DEPLOYMENT_ID}/log/events`, (_, answer) => {
    const send = openEvents(answer);
    send('line', line, 1);
    send('ended', givenDeployment());
    answer.end();
  });
  const logs = ['logs', 'hello', '--deployment', DEPLOYMENT_ID, '-f'];
  expect((await runTeal(teal, logs, { isTTY: true })).out).toBe('  \u001b[31mred\u001b[0m\n');
  expect((await runTeal(teal, logs, { isTTY: true, env: { NO_COLOR: '1' } })).out).toBe('  red\n');
  expect((await runTeal(teal, logs)).out).toBe('  red\n');
});

test('an opened address is a web address or none', async () => {
  teal.on(`GET ${APP}`, () => givenApp({ url: 'file:///etc/passwd' }));
  const { exit, out, err } = await runTeal(teal, ['open', 'hello'], { env: { DISPLAY: ':0', PATH: '/nonexistent' } });
  expect({ exit, out, err }).toEqual({ exit: 0, out: 'file:///etc/passwd\n', err: '' });
});
