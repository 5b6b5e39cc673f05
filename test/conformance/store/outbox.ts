/** Mails that wait, logs, and values that are unique on the platform. */
import type { LogLine } from '@teal/core';
import { expect, it } from 'vitest';
import { failureFacts, type MakeStore, MEMBER, newId, openFixture } from './fixture.ts';

type Fixture = Awaited<ReturnType<typeof openFixture>>;

/** Puts `count` mails for one recipient into the outbox, as a failed deployment does. */
async function addMails({ store, lease, push }: Fixture, recipient: string, count: number): Promise<string[]> {
  const { id } = await push();
  const mails = Array.from({ length: count }, () => ({ id: newId('mail'), recipient, facts: failureFacts() }));
  await store.deployments.fail(lease, id, { phase: 'queued', code: 'x', reason: 'x' }, mails);
  return mails.map((mail) => mail.id);
}

export function outboxCases(make: MakeStore): void {
  it('gives what is due by recipient, and what is postponed when its time has come', async () => {
    const fixture = await openFixture(make);
    const { outbox } = fixture.store;
    expect(await outbox.due()).toBeNull();
    expect(await outbox.nextDueMs()).toBeNull();
    const first = await addMails(fixture, 'a@example.test', 3);
    const second = await addMails(fixture, 'b@example.test', 1);
    const group = await outbox.due();
    expect(group?.map((mail) => mail.id).sort()).toEqual([...first].sort());
    expect(group?.[0]).toMatchObject({ appId: fixture.app.id, recipient: 'a@example.test', attempts: 0 });
    await outbox.postpone(first, new Date(Date.now() + 60_000), null);
    expect((await outbox.due())?.map((mail) => mail.id)).toEqual(second);
    await outbox.postpone(second, new Date(Date.now() + 30_000), 'no answer');
    expect(await outbox.due()).toBeNull();
    const dueMs = await outbox.nextDueMs();
    expect(dueMs).toBeGreaterThan(20_000);
    expect(dueMs).toBeLessThanOrEqual(30_000);
    await outbox.postpone(second, new Date(0), null);
    expect(await outbox.nextDueMs()).toBe(0);
    expect(await outbox.due()).toMatchObject([{ id: second[0], attempts: 1 }]);
  });

  it('counts what went alone and what went in digests, also a digest of one', async () => {
    const fixture = await openFixture(make);
    const { outbox } = fixture.store;
    const ids = await addMails(fixture, MEMBER, 6);
    const [one = '', two = '', three = '', ...rest] = ids;
    await outbox.markSent([one], { inDigest: false });
    await outbox.markSent([two], { inDigest: false });
    await outbox.markSent([three], { inDigest: true });
    await outbox.markSent(rest, { inDigest: true });
    const since = new Date(Date.now() - 60_000);
    expect(await outbox.sentSince(fixture.app.id, MEMBER, since)).toEqual({ single: 2, digests: 2 });
    expect(await outbox.sentSince(fixture.app.id, 'other@example.test', since)).toEqual({ single: 0, digests: 0 });
    expect(await outbox.sentSince(fixture.app.id, MEMBER, new Date(Date.now() + 60_000))).toEqual({
      single: 0,
      digests: 0,
    });
    await outbox.postpone([one], new Date(0), 'late');
    expect(await outbox.due()).toBeNull();
  });
}

export function logCases(make: MakeStore): void {
  const lines = (from: number, to: number, text = 'line'): LogLine[] =>
    Array.from({ length: to - from + 1 }, (_, i) => ({
      sequence: from + i,
      at: 1,
      phase: 'building',
      source: 'build',
      text: `${text} ${from + i}`,
    }));
  const numbers = (found: LogLine[]) => found.map((line) => line.sequence);

  it('are read from anywhere, told of, and go on where they ended', async () => {
    const { store, push, events } = await openFixture(make);
    const { id } = await push();
    expect(await store.logs.position(id)).toEqual({ sequence: 0, sizeBytes: 0 });
    expect(await store.logs.tail(id, 5)).toEqual([]);
    await store.logs.append(id, lines(1, 3));
    await store.logs.append(id, []);
    await store.logs.append(id, lines(4, 4, 'half \ud83d nul \u0000'));
    await store.logs.append(id, lines(5, 9));
    expect(numbers(await store.logs.read(id, 0))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(numbers(await store.logs.read(id, 2))).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(await store.logs.read(id, 9)).toEqual([]);
    expect((await store.logs.read(id, 3))[0]?.text).toBe('half \ufffd nul \ufffd 4');
    expect(numbers(await store.logs.tail(id, 2))).toEqual([8, 9]);
    expect(numbers(await store.logs.tail(id, 7))).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(numbers(await store.logs.tail(id, 50))).toHaveLength(9);
    const position = await store.logs.position(id);
    expect(position.sequence).toBe(9);
    expect(position.sizeBytes).toBeGreaterThan(9 * 40);
    await expect.poll(() => events).toContainEqual({ kind: 'log', deploymentId: id, sequence: 9 });
  });

  it('of a long deployment come in pieces', async () => {
    const { store, push } = await openFixture(make);
    const { id } = await push();
    for (let i = 0; i < 100; i += 1) await store.logs.append(id, lines(i * 10 + 1, i * 10 + 10));
    const seen: number[] = [];
    for (let after = 0; ; after = seen.at(-1) ?? 0) {
      const piece = numbers(await store.logs.read(id, after));
      if (piece.length === 0) break;
      seen.push(...piece);
    }
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
  });

  it('of a deployment that is gone are dropped', async () => {
    const { store } = await openFixture(make);
    await store.logs.append(newId('deployment'), lines(1, 2));
  });
}

export function reservationCases(make: MakeStore): void {
  it('gives fifty callers at once fifty values, and one owner the same again', async () => {
    const { store } = await openFixture(make);
    const { reservations } = store;
    const candidates = Array.from({ length: 55 }, (_, i) => `10.0.${i}.0/27`);
    const owners = Array.from({ length: 50 }, (_, i) => `app_${i}`);
    const got = await Promise.all(owners.map((owner) => reservations.reserve('subnet', owner, candidates)));
    expect(new Set(got).size).toBe(50);
    expect(got).not.toContain(null);
    expect(await reservations.reserve('subnet', 'app_7', candidates)).toBe(got[7]);
    const list = await reservations.list('subnet');
    expect(list.size).toBe(50);
    expect(list.get('app_7')).toBe(got[7]);
    expect(await reservations.reserve('port', 'app_7', ['20000'])).toBe('20000');
    await reservations.release('subnet', 'app_7');
    expect((await reservations.list('subnet')).has('app_7')).toBe(false);
    expect((await reservations.list('port')).get('app_7')).toBe('20000');
  });

  it('gives one owner one value, however often it asks at once, and says when none is free', async () => {
    const { reservations } = (await openFixture(make)).store;
    const got = await Promise.all(Array.from({ length: 10 }, () => reservations.reserve('port', 'i', ['1', '2', '3'])));
    expect(new Set(got)).toEqual(new Set(['1']));
    expect(await reservations.reserve('port', 'j', ['1'])).toBeNull();
    expect(await reservations.reserve('port', 'j', [])).toBeNull();
  });
}
