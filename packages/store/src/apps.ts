/** Apps and their environment. */
import { type App, TealError } from '@teal/core';
import type { Apps, Lease } from '@teal/deployer';
import type pg from 'pg';
import { fenced, isUniqueViolation, one, transaction } from './database.ts';
import { notify } from './notify.ts';
import { APP_COLUMNS, type Row, toApp } from './rows.ts';
import { sealEnvironment } from './secrets/sealedFields.ts';
import type { Sealer } from './secrets/sealer.ts';
import { endUnfinished } from './supersede.ts';
import { toJson, toText } from './text.ts';

/** A fenced change of what an app's value shows; announces it. */
export function changeFenced(
  { pool, sealer }: { pool: pg.Pool; sealer: Sealer },
  lease: Lease,
  work: (client: pg.PoolClient) => Promise<unknown>,
): Promise<App> {
  return fenced(pool, lease, async (client) => {
    await work(client);
    const row = await one<Row>(client, `select ${APP_COLUMNS} from apps where id = $1`, [lease.appId]);
    if (row === null) throw new TealError('app_not_found', { name: lease.appId });
    await notify(client, { kind: 'app', appId: lease.appId });
    return toApp(row, sealer);
  });
}

export function createApps(pool: pg.Pool, sealer: Sealer): Apps {
  /** Updates one app and announces it. */
  async function change(appId: string, assignments: string, values: unknown[]): Promise<App> {
    return transaction(pool, async (client) => {
      const row = await one<Row>(client, `update apps set ${assignments} where id = $1 returning ${APP_COLUMNS}`, [
        appId,
        ...values,
      ]);
      if (row === null) throw new TealError('app_not_found', { name: appId });
      await notify(client, { kind: 'app', appId });
      return toApp(row, sealer);
    });
  }

  return {
    async create(app) {
      try {
        const row = await one<Row>(
          pool,
          `insert into apps (id, organisation_id, name, settings) values ($1, $2, $3, $4) returning ${APP_COLUMNS}`,
          [app.id, app.organisationId, app.name, toJson(app.settings)],
        );
        await notify(pool, { kind: 'app', appId: app.id });
        return toApp(row as Row, sealer);
      } catch (error) {
        if (isUniqueViolation(error)) throw new TealError('app_name_taken', { name: app.name }, { cause: error });
        throw error;
      }
    },
    async find(organisationId, nameOrId) {
      const row = await one<Row>(
        pool,
        `select ${APP_COLUMNS} from apps where organisation_id = $1 and (name = $2 or id = $2) and not deleting`,
        [organisationId, toText(nameOrId)],
      );
      return row === null ? null : toApp(row, sealer);
    },
    async list(organisationId) {
      const { rows } = await pool.query<Row>(
        `select ${APP_COLUMNS} from apps where organisation_id = $1 and not deleting order by name`,
        [organisationId],
      );
      return rows.map((row) => toApp(row, sealer));
    },
    async get(appId) {
      const row = await one<Row>(pool, `select ${APP_COLUMNS} from apps where id = $1`, [appId]);
      return row === null ? null : toApp(row, sealer);
    },
    async ids() {
      const { rows } = await pool.query<{ id: string }>('select id from apps order by created_at');
      return rows.map((row) => row.id);
    },
    update(appId, { settings, deployBranch }) {
      return change(
        appId,
        'settings = coalesce($2, settings), deploy_branch = case when $3 then $4 else deploy_branch end',
        [settings === undefined ? null : toJson(settings), deployBranch !== undefined, deployBranch ?? null],
      );
    },
    changeEnvironment(appId, { set, unset }) {
      return change(appId, 'environment = (environment - $3::text[]) || $2', [
        toJson(sealEnvironment(sealer, appId, set)),
        unset,
      ]);
    },
    setStopped(lease, reason) {
      return fenced(pool, lease, async (client) => {
        await client.query(
          `update releases set retired_at = clock_timestamp()
           where id = (select live_release_id from apps where id = $1)`,
          [lease.appId],
        );
        const replaced = await client.query<{ id: string }>(
          `update deployments
           set state = 'replaced', times = times || jsonb_build_object('replaced', clock_timestamp())
           where app_id = $1 and state = 'live' returning id`,
          [lease.appId],
        );
        await client.query('update apps set stopped = true, live_release_id = null where id = $1', [lease.appId]);
        // Whoever has the lease does not switch: one that is switching was left by a dead worker.
        await endUnfinished(client, lease.appId, { reason, states: ['building', 'starting', 'probing', 'switching'] });
        for (const { id } of replaced.rows) {
          await notify(client, { kind: 'deployment', appId: lease.appId, deploymentId: id });
        }
        await notify(client, { kind: 'app', appId: lease.appId });
      });
    },
    setMaintenance(lease, { on, page }) {
      return changeFenced({ pool, sealer }, lease, (client) =>
        client.query(
          `update apps set maintenance = $2, maintenance_page = case when $3 then $4 else maintenance_page end where id = $1`,
          [lease.appId, on, page !== undefined, page == null ? null : toText(page)],
        ),
      );
    },
    async maintenancePage(appId) {
      const row = await one<{ page: string | null }>(pool, 'select maintenance_page as page from apps where id = $1', [
        appId,
      ]);
      return row?.page ?? null;
    },
    async markDeleting(appId) {
      await change(appId, 'deleting = true', []);
    },
    async isDeleting(appId) {
      const row = await one<{ deleting: boolean }>(pool, 'select deleting from apps where id = $1', [appId]);
      return row?.deleting ?? true;
    },
    remove(lease) {
      return fenced(pool, lease, async (client) => {
        await client.query('update apps set live_release_id = null where id = $1', [lease.appId]);
        await client.query('delete from instances where app_id = $1', [lease.appId]);
        await client.query('delete from deployments where app_id = $1', [lease.appId]);
        await client.query('delete from apps where id = $1', [lease.appId]);
        // Its token counts no further: no app has this id again.
        await client.query('delete from leases where app_id = $1', [lease.appId]);
        await notify(client, { kind: 'app-deleted', appId: lease.appId });
      });
    },
  };
}
