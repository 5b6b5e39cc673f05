/** Domains with one owner each, maintenance, and certificates. */
import type { Lease } from '@teal/deployer';
import { expect, it } from 'vitest';
import { type MakeStore, newId, openFixture } from './fixture.ts';

async function withNeighbour(make: MakeStore) {
  const fixture = await openFixture(make);
  const { store, app, organisationId } = fixture;
  const other = await store.apps.create({ ...app, id: newId('app'), organisationId, name: `${app.name}-2` });
  const otherLease = (await store.leases.acquire(other.id, 'tester', 60_000)) as Lease;
  return { ...fixture, other, otherLease };
}

export function domainCases(make: MakeStore): void {
  it('belong to one app of the platform, and are free again once it is gone', async () => {
    const { store, app, lease, other, otherLease } = await withNeighbour(make);
    expect(app.domains).toEqual([]);
    await store.domains.add(lease, { name: 'b.example.org' });
    const two = await store.domains.add(lease, { name: 'a.example.org' });
    expect(two.domains).toEqual([
      { name: 'b.example.org', primary: false },
      { name: 'a.example.org', primary: false },
    ]);
    expect(await store.domains.add(lease, { name: 'b.example.org' })).toEqual(two);
    expect(await store.apps.get(app.id)).toEqual(two);
    await expect(store.domains.add(otherLease, { name: 'a.example.org', primary: true })).rejects.toMatchObject({
      code: 'domain_taken',
    });
    expect(await store.domains.remove(otherLease, 'a.example.org')).toBeNull();
    expect(await store.domains.remove(lease, 'a.example.org')).toMatchObject({ domains: [{ name: 'b.example.org' }] });
    expect(await store.domains.add(otherLease, { name: 'a.example.org' })).toMatchObject({ id: other.id });
    await store.apps.remove(lease);
    expect((await store.domains.add(otherLease, { name: 'b.example.org' })).domains).toHaveLength(2);
  });

  it('claimed by two apps at once go to one of them', async () => {
    const { store, lease, otherLease } = await withNeighbour(make);
    const outcomes = await Promise.allSettled(
      [lease, otherLease].map((held) => store.domains.add(held, { name: 'race.example.org' })),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'domain_taken' } });
  });

  it('are primary one at a time', async () => {
    const { store, lease } = await openFixture(make);
    const primaries = (app: { domains: readonly { name: string; primary: boolean }[] }) =>
      app.domains.filter(({ primary }) => primary).map(({ name }) => name);
    expect(primaries(await store.domains.add(lease, { name: 'a.test', primary: true }))).toEqual(['a.test']);
    expect(primaries(await store.domains.add(lease, { name: 'b.test', primary: true }))).toEqual(['b.test']);
    expect(primaries(await store.domains.add(lease, { name: 'b.test' }))).toEqual(['b.test']);
    expect(primaries(await store.domains.add(lease, { name: 'b.test', primary: false }))).toEqual([]);
    await store.domains.add(lease, { name: 'a.test', primary: true });
    expect(primaries(await store.domains.clearPrimary(lease))).toEqual([]);
  });

  it('and maintenance change only under the lease, and tell it', async () => {
    const { store, app, lease, events } = await openFixture(make);
    const lost = { ...lease, token: lease.token + 1 };
    await expect(store.domains.add(lost, { name: 'a.test' })).rejects.toMatchObject({ code: 'lease_lost' });
    await expect(store.apps.setMaintenance(lost, { on: true })).rejects.toMatchObject({ code: 'lease_lost' });
    await store.domains.add(lease, { name: 'a.test' });
    await expect.poll(() => events).toContainEqual({ kind: 'app', appId: app.id });
  });
}

export function maintenanceCases(make: MakeStore): void {
  it('keeps its page until it is forgotten', async () => {
    const { store, app, lease } = await openFixture(make);
    expect(app.maintenance).toBe(false);
    expect(await store.apps.maintenancePage(app.id)).toBeNull();
    expect(await store.apps.setMaintenance(lease, { on: true, page: '<p>soon</p>\u0000' })).toMatchObject({
      maintenance: true,
    });
    await store.apps.setMaintenance(lease, { on: false });
    expect(await store.apps.get(app.id)).toMatchObject({ maintenance: false });
    expect(await store.apps.maintenancePage(app.id)).toBe('<p>soon</p>\ufffd');
    await store.apps.setMaintenance(lease, { on: true, page: null });
    expect(await store.apps.maintenancePage(app.id)).toBeNull();
  });
}

const certificate = (fingerprint: string, names = ['a.test']) => ({
  id: newId('certificate'),
  names,
  issuer: 'CN=Someone',
  fingerprint,
  notAfter: new Date(1_000),
  chainPem: 'chain',
  keyPem: 'key',
});

export function certificateCases(make: MakeStore): void {
  it("are an organisation's own, newest first, each once", async () => {
    const { store, organisationId } = await openFixture(make);
    const first = await store.certificates.add(organisationId, certificate('aa', ['a.test', '*.a.test']));
    const second = await store.certificates.add(organisationId, certificate('bb'));
    expect(await store.certificates.list(organisationId)).toEqual([second, first]);
    expect(await store.certificates.list('orga_other')).toEqual([]);
    const again = await store.certificates.add(organisationId, certificate('aa'));
    expect(again.id).toBe(first.id);
    expect((await store.certificates.all()).map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(await store.certificates.remove('orga_other', first.id)).toBe(false);
    expect(await store.certificates.remove(organisationId, first.id)).toBe(true);
    expect(await store.certificates.remove(organisationId, first.id)).toBe(false);
  });

  it("stand apart from the platform's own, of which there is one", async () => {
    const { store, organisationId } = await openFixture(make);
    expect(await store.certificates.own()).toBeNull();
    await store.certificates.replaceOwn(certificate('aa'));
    const second = await store.certificates.replaceOwn(certificate('bb'));
    expect(await store.certificates.own()).toEqual(second);
    expect(await store.certificates.all()).toEqual([]);
    expect(await store.certificates.list(organisationId)).toEqual([]);
  });
}
