import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSmtpSender, type Mailbox, startMailbox } from '@teal/mailer';
import { openStore } from '@teal/store';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { failureFacts, MEMBER, newId, openFixture } from '../../../test/conformance/store/fixture.ts';
import type { MailSender } from '../src/index.ts';
import { sendMails } from '../src/sendMails.ts';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

const MINUTE_MS = 60_000;
const NEVER = new AbortController().signal;

/** A store, a mailbox, and a clock whose time passes at once: rows become older instead. */
async function open() {
  const database = await postgres.migrated();
  const store = await openStore(database);
  onTestFinished(() => store.close());
  const organisationId = `orga_${randomUUID()}`;
  await store.accounts.initialise({
    platformId: `platform_${randomUUID()}`,
    organisationId,
    userId: `user_${randomUUID()}`,
    email: MEMBER,
    token: { id: `token_${randomUUID()}`, name: 'x', prefix: 'x', hash: Buffer.from('x') },
  });
  const fixture = await openFixture(async () => ({ store, organisationId }));
  const dir = await mkdtemp(join(tmpdir(), 'teal-mail-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const mailbox = await startMailbox({ dir });
  onTestFinished(() => mailbox.close());
  const sender = createSmtpSender({ url: mailbox.url, from: 'teal@localhost' });
  onTestFinished(() => sender.close());

  let failures = 0;
  /** One deployment fails, and its mail is in the outbox. */
  async function fail(): Promise<string> {
    const { id } = await fixture.push();
    failures += 1;
    const facts = failureFacts({ deploymentId: id, reason: `Reason ${failures}.` });
    const mail = { id: newId('mail'), recipient: MEMBER, facts };
    await store.deployments.fail(fixture.lease, id, { phase: 'queued', code: 'x', reason: 'x' }, [mail]);
    return mail.id;
  }
  async function timePasses(ms: number): Promise<void> {
    const client = new pg.Client(postgres.server().connection);
    await client.connect();
    const earlier = (column: string) => `${column} = ${column} - $1 * interval '1 millisecond'`;
    const columns = ['due_at', 'sent_at', 'created_at'].map(earlier).join(', ');
    await client.query(`update ${database.schema}.outbox set ${columns}`, [ms]);
    await client.end();
  }
  const linkOf = () => 'http://teal.test/';
  const log = { info() {}, warn() {}, error() {} };
  const clock = { now: () => new Date(), monotonicMs: () => 0, sleep: async () => {}, timeout: AbortSignal.timeout };
  const send = (mail: MailSender = sender, signal = NEVER) =>
    sendMails({ store, mail, clock, log, settings: { linkOf } }, signal);
  return { store, mailbox, sender, fail, send, timePasses };
}

/** Numbers of the failures that each mail tells, oldest mail first. */
async function told(mailbox: Mailbox): Promise<number[][]> {
  const mails = (await mailbox.list()).reverse();
  return mails.map(({ text }) => [...text.matchAll(/Reason (\d+)\./g)].map(([, n]) => Number(n)));
}

it('sends five alone, however they come, then one digest an hour, and loses none', async () => {
  const { mailbox, fail, send, timePasses } = await open();
  for (let i = 1; i <= 8; i += 1) {
    await fail();
    await send();
  }
  // The sixth is the hour's digest, of one; the others wait.
  expect(await told(mailbox)).toEqual([[1], [2], [3], [4], [5], [6]]);
  await timePasses(30 * MINUTE_MS);
  await fail();
  expect(await send()).toBeGreaterThan(0);
  expect(await told(mailbox)).toHaveLength(6);
  await timePasses(31 * MINUTE_MS);
  await send();
  // The hour is over: what waited goes, alone again.
  expect((await told(mailbox)).flat().sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('sends what is too many at once as one digest', async () => {
  const { mailbox, fail, send, timePasses } = await open();
  for (let i = 1; i <= 12; i += 1) await fail();
  expect(await send()).toBeNull();
  expect(await told(mailbox)).toEqual([[1], [2], [3], [4], [5], [6, 7, 8, 9, 10, 11, 12]]);
  expect((await mailbox.list())[0]?.subject).toContain('7 more deployments failed');
  await fail();
  await timePasses(50 * MINUTE_MS);
  expect(await send()).toBeGreaterThan(0);
  expect(await told(mailbox)).toHaveLength(6);
});

it('tries again, ever later, until the mail server takes it, under the same Message-ID', async () => {
  const { mailbox, sender, fail, send, timePasses } = await open();
  const id = await fail();
  const down: MailSender = { sendNews: () => Promise.reject(new Error('450 nul \u0000 not now')) };
  const waits: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    const dueMs = (await send(down)) ?? 0;
    waits.push(Math.round(dueMs / 1_000));
    await timePasses(dueMs);
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
  // Taken, but the answer is lost: at least once means it may come twice.
  const lossy: MailSender = {
    async sendNews(mail, signal) {
      await sender.sendNews(mail, signal);
      throw new Error('the connection broke');
    },
  };
  await timePasses((await send(lossy)) ?? 0);
  expect(await send()).toBeNull();
  expect((await mailbox.list()).map((mail) => mail.messageId)).toEqual([`<${id}@teal>`, `<${id}@teal>`]);
});

it('leaves what a shutdown broke off as due as before', async () => {
  const { store, fail, send } = await open();
  await fail();
  const shutdown = new AbortController();
  const slow: MailSender = {
    async sendNews(_mail, signal) {
      shutdown.abort();
      signal.throwIfAborted();
    },
  };
  expect(await send(slow, shutdown.signal)).toBe(0);
  expect(await store.outbox.due()).toMatchObject([{ attempts: 0 }]);
});

it("keeps one app's trouble from another recipient's mail", async () => {
  const { mailbox, sender, fail, send } = await open();
  const first = await fail();
  await fail();
  const picky: MailSender = {
    sendNews: (mail, signal) =>
      mail.messageId === `<${first}@teal>` ? Promise.reject(new Error('550 no')) : sender.sendNews(mail, signal),
  };
  expect(await send(picky)).toBeGreaterThan(0);
  expect(await told(mailbox)).toEqual([[2]]);
});
