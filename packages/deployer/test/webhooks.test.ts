/** The courier over PostgreSQL: what becomes of a deployment reaches its webhooks, whatever happens on the way. */
import { randomUUID } from 'node:crypto';
import { openStore, type Principal } from '@teal/store';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { MEMBER, newId, openFixture } from '../../../test/conformance/store/fixture.ts';
import { until } from '../../../test/conformance/until.ts';
import { type AttemptOutcome, RETRY_PAUSES_MS, startCourier, type WaitingDelivery } from '../src/index.ts';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

const OK: AttemptOutcome = { status: 200, error: null };
const log = { info() {}, warn() {}, error() {} };

/** A store with an app, one webhook of the organisation, and a receiver that answers as it is told. */
async function open() {
  const database = await postgres.migrated();
  const store = await openStore(database);
  onTestFinished(() => store.close());
  const organisationId = newId('orga');
  const userId = newId('user');
  await store.accounts.initialise({
    ...{ platformId: newId('platform'), organisationId, userId, email: MEMBER },
    token: { id: newId('token'), name: 'x', prefix: 'x', hash: Buffer.from('x') },
  });
  const fixture = await openFixture(async () => ({ store, organisationId }));
  const within = store.of((await store.accounts.byUser(userId)) as Principal);
  const organisation = within.organisations.list()[0];
  const app = await within.apps.find(fixture.app.id);
  if (organisation === undefined || app === null) throw new Error('nothing within reach');
  const add = (owner: Parameters<typeof store.webhooks.add>[0], events: readonly string[], url = 'https://x.test/') =>
    store.webhooks.add(owner, {
      ...{ id: newId('webhook'), name: 'x', url, secret: `whsec_${randomUUID()}`, form: 'json' },
      events: events as never,
    });
  const sent: WaitingDelivery[] = [];
  const answers = { next: async (_delivery: WaitingDelivery): Promise<AttemptOutcome> => OK };
  const start = () => {
    const courier = startCourier({
      deliveries: store.deliveries,
      sender: {
        async send(delivery) {
          sent.push(delivery);
          return answers.next(delivery);
        },
      },
      linkOf: ({ name }, id) => `http://teal.test/${name}/${id}`,
      clock: {
        now: () => new Date(),
        monotonicMs: () => performance.now(),
        timeout: AbortSignal.timeout,
        sleep: (ms, signal) =>
          new Promise((resolve) => {
            if (signal?.aborted) return resolve();
            const timer = setTimeout(resolve, ms);
            signal?.addEventListener('abort', () => {
              clearTimeout(timer);
              resolve();
            });
          }),
      },
      log,
    });
    const unsubscribe = store.bus.subscribe(({ kind }) => kind === 'outbox' && courier.wake());
    onTestFinished(async () => {
      unsubscribe();
      await courier.close();
    });
    return courier;
  };
  const query = async (text: string) => {
    const client = new pg.Client(postgres.server().connection);
    await client.connect();
    await client.query(`set search_path to ${database.schema}`);
    const { rows } = await client.query(text).finally(() => client.end());
    return rows;
  };
  const fail = (id: string) =>
    store.deployments.fail(fixture.lease, id, { phase: 'queued', code: 'x', reason: 'Broken.' }, []);
  return { store, fixture, organisation, app, add, sent, answers, start, query, fail };
}

it('tells each webhook of what it asked for, at once, and of nothing else', async () => {
  const { fixture, organisation, app, add, sent, start, fail, store } = await open();
  const all = await add({ organisation }, ['deployment.queued', 'deployment.failed', 'deployment.cancelled']);
  const own = await add({ app }, ['deployment.failed']);
  start();
  const { id } = await fixture.push();
  await until('it is told', () => sent.length === 1);
  await fail(id);
  await until('both are told', () => sent.length === 3);
  expect(
    sent.map(({ webhookId, event, news }) => [webhookId, event, news?.deploymentId, news?.appName]).sort(),
  ).toEqual(
    [
      [all.id, 'deployment.queued', id, app.name],
      [all.id, 'deployment.failed', id, app.name],
      [own.id, 'deployment.failed', id, app.name],
    ].sort(),
  );
  expect(sent.at(-1)?.news?.failure).toMatchObject({ reason: 'Broken.' });
  const second = await fixture.push('c');
  await store.deployments.requestCancel(app.id, second.id, 'superseded');
  await until('its end is told', () => sent.length === 5);
  expect(sent.at(-1)).toMatchObject({ event: 'deployment.cancelled', news: { cancelReason: 'superseded' } });
  await until('all are noted', async () =>
    (await store.webhooks.deliveries({ organisation }, all.id))?.every(({ state }) => state === 'delivered'),
  );
});

it('writes nothing down for a change that is rolled back, and all of it for one that a crash follows', async () => {
  const { fixture, organisation, add, sent, start, fail, query } = await open();
  await add({ organisation }, ['deployment.failed']);
  const { id } = await fixture.push();
  await query(`begin; update deployments set state = 'failed' where id = '${id}'; rollback`);
  expect(await query('select 1 from webhook_deliveries')).toEqual([]);
  await fail(id);
  // Nobody was there to hear of it.
  start();
  await until('it is told', () => sent.length === 1);
});

it('tries again with growing pauses, under the same id, and gives up at last', async () => {
  const { fixture, organisation, add, sent, answers, start, query, store } = await open();
  const { id: webhookId } = await add({ organisation }, ['deployment.queued']);
  answers.next = async () => ({ status: 503, error: 'answered 503' });
  const courier = start();
  await fixture.push();
  const shown = async () => (await store.webhooks.deliveries({ organisation }, webhookId))?.[0];
  for (let attempts = 1; attempts <= RETRY_PAUSES_MS.length; attempts += 1) {
    await until(`attempt ${attempts}`, async () => (await shown())?.status === 503 && sent.length === attempts);
    const [row] = await query(
      'select extract(epoch from due_at - clock_timestamp()) * 1000 as ms from webhook_deliveries',
    );
    const pauseMs = RETRY_PAUSES_MS[attempts - 1] ?? 0;
    expect(Number(row.ms)).toBeGreaterThan(pauseMs - 5_000);
    expect(Number(row.ms)).toBeLessThanOrEqual(pauseMs);
    await query('update webhook_deliveries set due_at = clock_timestamp(), status = null');
    courier.wake();
  }
  const given = await until('it is given up', async () => {
    const delivery = await shown();
    return delivery?.state === 'failed' && delivery;
  });
  expect(given).toMatchObject({ attempts: RETRY_PAUSES_MS.length + 1, error: 'answered 503', nextAttemptAt: null });
  expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
});

it('a silent receiver holds up nobody else, and has one delivery at a time', async () => {
  const { fixture, organisation, add, sent, answers, start, fail } = await open();
  const slow = await add({ organisation }, ['deployment.queued', 'deployment.failed'], 'https://slow.test/');
  const quick = await add({ organisation }, ['deployment.queued', 'deployment.failed']);
  let release = (_outcome: AttemptOutcome) => {};
  const held = new Promise<AttemptOutcome>((resolve) => {
    release = resolve;
  });
  answers.next = async ({ webhookId }) => (webhookId === slow.id ? held : OK);
  start();
  const { id } = await fixture.push();
  await fail(id);
  const of = (webhookId: string) => sent.filter((delivery) => delivery.webhookId === webhookId);
  await until('the quick one has both', () => of(quick.id).length === 2);
  expect(of(slow.id)).toHaveLength(1);
  release(OK);
  await until('then the slow one', () => of(slow.id).length === 2);
  expect(of(slow.id).map(({ event }) => event)).toEqual(['deployment.queued', 'deployment.failed']);
});

it('two processes do not send the same, and what a dead one held comes again', async () => {
  const { fixture, organisation, add, store, query } = await open();
  await add({ organisation }, ['deployment.queued']);
  await fixture.push();
  const wish = { limit: 8, busy: [], claimMs: 60_000 };
  const claims = await Promise.all([store.deliveries.claim(wish), store.deliveries.claim(wish)]);
  expect(claims.flat()).toHaveLength(1);
  expect(await store.deliveries.nextDueMs([])).toBeGreaterThan(30_000);
  await query('update webhook_deliveries set due_at = clock_timestamp()');
  expect(await store.deliveries.claim(wish)).toMatchObject([{ id: claims.flat()[0]?.id, attempts: 2 }]);
});

it('mails whoever wants to hear of successes, and no more failures to who does not', async () => {
  const { fixture, organisation, app, store } = await open();
  const { userId } = (await store.organisations.members(organisation))[0] ?? { userId: '' };
  expect(await store.recipients.ofFailures(app.id)).toEqual([MEMBER]);
  await store.mailWishes.setOwn(organisation, userId, { failures: false, successes: true });
  expect(await store.recipients.ofFailures(app.id)).toEqual([]);
  await fixture.goLive();
  expect(await store.outbox.due()).toMatchObject([{ recipient: MEMBER, facts: { kind: 'live', appName: app.name } }]);
  await store.mailWishes.setOwn(organisation, userId, { failures: null, successes: null });
  await store.mailWishes.setOrganisation(organisation, { failures: true, successes: false });
  expect(await store.recipients.ofFailures(app.id)).toEqual([MEMBER]);
  await store.mailWishes.setOrganisation(organisation, { failures: false, successes: false });
  expect(await store.recipients.ofFailures(app.id)).toEqual([]);
});

it('addresses and secrets are sealed', async () => {
  const { organisation, add, query } = await open();
  await add({ organisation }, ['deployment.queued'], 'https://hooks.test/very-secret');
  const stored = JSON.stringify(await query('select * from webhooks'));
  expect(stored).not.toContain('very-secret');
  expect(stored).not.toContain('whsec_');
});
