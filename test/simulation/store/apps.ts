/** Apps, domains and certificates of the memory store. */
import { type App, TealError } from '@teal/core';
import type { Apps, Certificates, Domains, Lease, NewCertificate, StoredCertificate } from '@teal/deployer';
import { clean, type Database, rowsOf } from './database.ts';
import { endUnfinished } from './deployments.ts';

export function memoryApps(db: Database): Apps {
  const t = () => db.tables;
  const visible = (organisationId: string) =>
    [...t().apps.values()].filter((app) => app.organisationId === organisationId && !t().deleting.has(app.id));
  return {
    async create({ id, organisationId, name, settings }) {
      if ([...t().apps.values()].some((app) => app.name === name)) throw new TealError('app_name_taken', { name });
      const created = db.put(t().apps, id, {
        id,
        organisationId,
        name,
        deployBranch: null,
        settings: clean(settings),
        environment: {},
        stopped: false,
        liveReleaseId: null,
        maintenance: false,
        domains: [],
        createdAt: db.now(),
      });
      db.emit({ kind: 'app', appId: id });
      return created;
    },
    async find(organisationId, nameOrId) {
      return visible(organisationId).find((app) => app.name === nameOrId || app.id === nameOrId) ?? null;
    },
    async list(organisationId) {
      return visible(organisationId).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async get(appId) {
      return t().apps.get(appId) ?? null;
    },
    async ids() {
      return [...t().apps.keys()];
    },
    async update(appId, { settings, deployBranch }) {
      return db.changeApp(appId, {
        ...(settings === undefined ? {} : { settings }),
        ...(deployBranch === undefined ? {} : { deployBranch }),
      });
    },
    async changeEnvironment(appId, { set, unset }) {
      const kept = Object.entries(db.app(appId).environment).filter(([name]) => !unset.includes(name));
      return db.changeApp(appId, { environment: { ...Object.fromEntries(kept), ...clean(set) } });
    },
    async setStopped(lease, reason) {
      db.fence(lease);
      setStopped(db, lease.appId);
      endUnfinished(db, rowsOf(db.tables.deployments, lease.appId), reason);
    },
    async setMaintenance(lease, { on, page }) {
      db.fence(lease);
      if (page === null) db.drop(t().pages, lease.appId);
      else if (page !== undefined) db.put(t().pages, lease.appId, clean(page));
      return db.changeApp(lease.appId, { maintenance: on });
    },
    async maintenancePage(appId) {
      return t().pages.get(appId) ?? null;
    },
    async markDeleting(appId) {
      db.changeApp(appId, {});
      db.mark(t().deleting, appId);
    },
    async isDeleting(appId) {
      return t().deleting.has(appId) || !t().apps.has(appId);
    },
    async remove(lease) {
      db.fence(lease);
      removeApp(db, lease.appId);
    },
  };
}

function setStopped(db: Database, appId: string): void {
  const { tables } = db;
  const app = db.app(appId);
  const now = db.now();
  const release = app.liveReleaseId === null ? undefined : tables.releases.get(app.liveReleaseId);
  if (release !== undefined) db.put(tables.releases, release.id, { ...release, retiredAt: now });
  for (const live of rowsOf(tables.deployments, appId).filter(({ state }) => state === 'live')) {
    db.put(tables.deployments, live.id, { ...live, state: 'replaced', times: { ...live.times, replaced: now } });
    db.emit({ kind: 'deployment', appId, deploymentId: live.id });
  }
  db.put(tables.stoppedAt, appId, db.nextSequence());
  db.changeApp(appId, { stopped: true, liveReleaseId: null });
}

function removeApp(db: Database, appId: string): void {
  const { tables } = db;
  for (const { id } of rowsOf(tables.deployments, appId)) {
    db.drop(tables.logs, id);
    db.drop(tables.cancelRequested, id);
  }
  for (const [pushId, push] of tables.pushes) {
    if (push.appId !== appId) continue;
    db.drop(tables.ofPush, pushId);
    db.drop(tables.pushStates, pushId);
  }
  for (const table of [tables.pushes, tables.deployments, tables.releases, tables.images, tables.instances])
    for (const [id, row] of table) if (row.appId === appId) db.drop(table, id);
  for (const [key, row] of tables.traffic) if (row.appId === appId) db.drop(tables.traffic, key);
  for (const table of [tables.apps, tables.deleting, tables.pages, tables.stoppedAt, tables.leases])
    db.drop(table, appId);
  db.emit({ kind: 'app-deleted', appId });
}

export function memoryDomains(db: Database): Domains {
  const change = (lease: Lease, domains: App['domains']) => db.changeApp(lease.appId, { domains });
  const withoutPrimary = (app: App) => app.domains.map((domain) => ({ ...domain, primary: false }));
  return {
    async add(lease, { name, primary }) {
      db.fence(lease);
      const owner = [...db.tables.apps.values()].find((app) => app.domains.some((domain) => domain.name === name));
      if (owner !== undefined && owner.id !== lease.appId) throw new TealError('domain_taken', { name });
      const app = db.app(lease.appId);
      const domains = primary === true ? withoutPrimary(app) : [...app.domains];
      const known = domains.findIndex((domain) => domain.name === name);
      if (known < 0) domains.push({ name, primary: primary ?? false });
      else domains[known] = { name, primary: primary ?? domains[known]?.primary ?? false };
      return change(lease, domains);
    },
    async clearPrimary(lease) {
      db.fence(lease);
      return change(lease, withoutPrimary(db.app(lease.appId)));
    },
    async remove(lease, name) {
      db.fence(lease);
      const app = db.app(lease.appId);
      const left = app.domains.filter((domain) => domain.name !== name);
      const changed = change(lease, left);
      return left.length < app.domains.length ? changed : null;
    },
  };
}

export function memoryCertificates(db: Database): Certificates {
  const select = (wanted: (organisationId: string | null) => boolean): StoredCertificate[] =>
    [...db.tables.certificates.values()]
      .filter((row) => wanted(row.organisationId))
      .sort((a, b) => b.place - a.place)
      .map(({ organisationId: _o, place: _p, ...certificate }) => certificate);
  const insert = (organisationId: string | null, certificate: NewCertificate): StoredCertificate => {
    const { certificates } = db.tables;
    const known = [...certificates.values()].find(
      (row) => row.organisationId === organisationId && row.fingerprint === certificate.fingerprint,
    );
    const stored = { ...certificate, id: known?.id ?? certificate.id, createdAt: db.now() };
    db.put(certificates, stored.id, { ...stored, organisationId, place: db.nextSequence() });
    return stored;
  };
  return {
    list: async (organisationId) => select((owner) => owner === organisationId),
    all: async () => select((owner) => owner !== null),
    add: async (organisationId, certificate) => insert(organisationId, certificate),
    async remove(organisationId, id) {
      const row = db.tables.certificates.get(id);
      return row?.organisationId === organisationId && db.drop(db.tables.certificates, id);
    },
    own: async () => select((owner) => owner === null)[0] ?? null,
    async replaceOwn(certificate) {
      for (const [id, row] of db.tables.certificates)
        if (row.organisationId === null) db.drop(db.tables.certificates, id);
      return insert(null, certificate);
    },
  };
}
