import { afterEach, beforeEach, expect, test } from 'vitest';
import { EXIT_CODES } from '../src/output/exit.ts';
import { type FakeTeal, openEvents, refuse, startFakeTeal } from './fake-teal.ts';
import { COMMIT, DEPLOYMENT_ID, givenApp, givenDeployment, runTeal } from './given.ts';

let teal: FakeTeal;
beforeEach(async () => {
  teal = await startFakeTeal();
});
afterEach(() => teal.close());

const APP = '/api/v1/apps/hello';
const LOG = `${APP}/deployments/${DEPLOYMENT_ID}/log/events`;
const failed = () =>
  givenDeployment({
    state: 'failed',
    failure: {
      phase: 'probing',
      code: 'gate_refused',
      reason: 'The new version never became healthy: / answered 500.',
    },
    times: { failed: '2026-11-21T09:00:03.000Z' },
  });

test('no exit code stands twice in the table', () => {
  expect(new Set(EXIT_CODES.map((row) => row.code)).size).toBe(EXIT_CODES.length);
});

test('help prints every exit code and ends with 0', async () => {
  const { exit, out } = await runTeal(null, ['--help']);
  expect(exit).toBe(0);
  for (const { code, meaning } of EXIT_CODES) expect(out).toMatch(new RegExp(`${code} +${meaning}`));
});

test('a command that is not known, a missing word and a bad number end with 2', async () => {
  expect((await runTeal(teal, ['nope'])).exit).toBe(2);
  expect((await runTeal(teal, ['apps', 'create'])).exit).toBe(2);
  expect((await runTeal(teal, ['logs', 'hello', '-n', 'many'])).exit).toBe(2);
  expect((await runTeal(teal, ['env', 'set', 'novalue', '-a', 'hello'])).exit).toBe(2);
  expect(teal.requests).toEqual([]);
});

test('a value the server refuses ends with 2 and its own sentence', async () => {
  teal.on('POST /api/v1/apps', (_, answer) => refuse(answer, 422, 'app_name_invalid', 'That cannot be a name.'));
  const { exit, err } = await runTeal(teal, ['apps', 'create', 'Bad']);
  expect({ exit, err }).toEqual({ exit: 2, err: 'teal: That cannot be a name. [app_name_invalid]\n' });
});

test('a missing app ends with 3, a bad token with 4, a conflict with 5', async () => {
  teal.on('POST /api/v1/apps', (_, answer) => refuse(answer, 409, 'app_name_taken', 'Taken.'));
  expect((await runTeal(teal, ['status', 'missing'])).exit).toBe(3);
  expect((await runTeal(teal, ['apps', 'list'], { env: { TEAL_TOKEN: 'another' } })).exit).toBe(4);
  expect((await runTeal(teal, ['apps', 'create', 'hello'])).exit).toBe(5);
});

test('a server that is away ends with 6, and the address is named', async () => {
  await teal.close();
  const { exit, err } = await runTeal(teal, ['apps', 'list']);
  expect(exit).toBe(6);
  expect(err).toContain(teal.url);
});

test('an answer that is not of Teal is told as such', async () => {
  teal.on('GET /api/v1/apps', (_, answer) => void answer.writeHead(200).end('<html>hello</html>'));
  const { exit, err } = await runTeal(teal, ['apps', 'list']);
  expect(exit).toBe(1);
  expect(err).toContain('answer_unreadable');
});

test('with --json an error is JSON on stderr and stdout stays empty', async () => {
  const { exit, out, err } = await runTeal(teal, ['status', 'missing', '--json']);
  expect({ exit, out }).toEqual({ exit: 3, out: '' });
  expect(JSON.parse(err)).toEqual({ error: { code: 'not_found', message: 'There is no /api/v1/apps/missing here.' } });
});

test('wait ends with 0 when the deployment went live', async () => {
  teal.on(`GET ${APP}`, () => givenApp());
  teal.on(`GET ${APP}/deployments`, () => ({
    deployments: [givenDeployment({ state: 'building', times: {} })],
    next: null,
  }));
  teal.on(`GET ${LOG}`, (_, answer) => {
    const send = openEvents(answer);
    send('line', { sequence: 1, at: 0, phase: 'building', source: 'teal', text: 'building' }, 1);
    send('ended', givenDeployment());
    answer.end();
  });
  const { exit, out, err } = await runTeal(teal, ['wait', COMMIT.slice(0, 8), '-a', 'hello']);
  expect(exit).toBe(0);
  expect(out).toContain('3f2c1a9 is live at http://hello.teal.localhost:8000/ (1.5 s)');
  expect(err).toContain('building');
});

test('wait ends with 1 and the reason when it failed or was cancelled', async () => {
  let state = failed();
  teal.on(`GET ${APP}/deployments`, () => ({ deployments: [state], next: null }));
  const first = await runTeal(teal, ['wait', COMMIT, '-a', 'hello', '--json']);
  expect(first.exit).toBe(1);
  expect(JSON.parse(first.out).state).toBe('failed');
  expect(JSON.parse(first.err).error).toMatchObject({ code: 'gate_refused', details: { deployment: DEPLOYMENT_ID } });
  state = givenDeployment({ state: 'cancelled', cancelReason: 'a newer push' });
  const second = await runTeal(teal, ['wait', COMMIT, '-a', 'hello']);
  expect(second.exit).toBe(1);
  expect(second.err).toContain('was cancelled: a newer push');
});

test('wait looks on the following pages too, and ends with 3 where there is no such deployment', async () => {
  teal.on(`GET ${APP}`, () => givenApp());
  teal.on(`GET ${APP}/deployments`, ({ path }) =>
    path.includes('before=5')
      ? { deployments: [givenDeployment()], next: null }
      : { deployments: [givenDeployment({ commit: { commit: 'a'.repeat(40), author: '', message: '' } })], next: 5 },
  );
  expect((await runTeal(teal, ['wait', COMMIT, '-a', 'hello'])).exit).toBe(0);
  expect((await runTeal(teal, ['wait', 'b'.repeat(40), '-a', 'hello'])).exit).toBe(3);
});

test('Ctrl-C while following ends with 130', async () => {
  const interrupt = new AbortController();
  teal.on(`GET ${APP}/logs/events`, (_, answer) => {
    openEvents(answer)('line', { instanceId: 'instance_1', number: 1, text: 'hello' });
    answer.on('close', () => {});
    interrupt.abort();
  });
  const { exit } = await runTeal(teal, ['logs', 'hello', '-f'], { signal: interrupt.signal });
  expect(exit).toBe(130);
});
