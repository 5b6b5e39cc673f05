/** Pushes: provisional until the ref has moved, confirmed once it has. */
import { type CommitFacts, type Deployment, isCancellable } from '@teal/core';
import type { Push, Pushes } from '@teal/deployer';
import type pg from 'pg';
import { one, transaction } from './database.ts';
import { notify } from './notify.ts';
import { type Row, toDeployment, toPush } from './rows.ts';
import { supersedePushes } from './supersede.ts';
import { toJson } from './text.ts';

const COLUMNS = 'id, sequence, app_id, command, branch, options, pushed_by, created_at';

async function deploymentOf(client: pg.PoolClient, pushId: string): Promise<Deployment | null> {
  const row = await one<Row>(client, 'select * from deployments where push_id = $1', [pushId]);
  return row === null ? null : toDeployment(row);
}

/** Why this push is history at once: something that was accepted after it was confirmed before it. Null: it is not. */
async function overtakenBy(client: pg.PoolClient, push: Push): Promise<string | null> {
  const found = await one<{ pushed: boolean | null; chosen: boolean | null; stopped: boolean | null }>(
    client,
    `select bool_or(d.push_id is not null and d.sequence > $2) as pushed,
       bool_or(d.trigger <> 'platform-update' and d.sequence > $2) as chosen,
       bool_or(a.stopped and (d.times ->> 'replaced')::timestamptz > $3) as stopped
     from deployments d join apps a on a.id = d.app_id where d.app_id = $1`,
    [push.appId, push.sequence, push.createdAt],
  );
  if (found?.pushed) return 'a newer push came first';
  return found?.chosen || found?.stopped ? 'a person chose something else before it was confirmed' : null;
}

async function insertDeployment(
  client: pg.PoolClient,
  push: Push,
  id: string,
  facts: CommitFacts,
): Promise<Deployment> {
  const cancelReason = await overtakenBy(client, push);
  const state = cancelReason === null ? 'queued' : 'cancelled';
  const row = await one<Row>(
    client,
    `insert into deployments
       (id, app_id, sequence, push_id, trigger, state, commit, branch, push_options, requested_by, cancel_reason, times)
     values ($1, $2, $3, $4, 'push', $5, $6, $7, $8, $9, $10, jsonb_build_object($5::text, clock_timestamp()))
     returning *`,
    [
      id,
      push.appId,
      push.sequence,
      push.id,
      state,
      toJson(facts),
      push.branch,
      toJson(push.options),
      push.pushedBy,
      cancelReason,
    ],
  );
  return toDeployment(row as Row);
}

export function createPushes(pool: pg.Pool): Pushes {
  const settle = (pushId: string, state: 'kept' | 'dropped') =>
    pool.query(`update pushes set state = $2 where id = $1 and state = 'provisional'`, [pushId, state]);

  return {
    async get(pushId) {
      const row = await one<Row>(pool, `select ${COLUMNS} from pushes where id = $1`, [pushId]);
      return row === null ? null : toPush(row);
    },
    async provisional(push) {
      const row = await one<Row>(
        pool,
        `insert into pushes (id, app_id, command, branch, options, pushed_by)
         values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
        [push.id, push.appId, toJson(push.command), push.branch, toJson(push.options), push.pushedBy],
      );
      return toPush(row as Row);
    },
    confirm(pushId, deploymentId, facts) {
      return transaction(pool, async (client) => {
        const row = await one<Row>(
          client,
          `update pushes set state = 'confirmed' where id = $1 and state = 'provisional' returning ${COLUMNS}`,
          [pushId],
        );
        if (row === null) return deploymentOf(client, pushId);
        const push = toPush(row);
        const app = await one<{ newer_push: string }>(
          client,
          `update apps set deploy_branch = coalesce(deploy_branch, $2)
           where id = $1 and not deleting returning settings ->> 'newerPush' as newer_push`,
          [push.appId, push.branch],
        );
        if (app === null) return null;
        const deployment = await insertDeployment(client, push, deploymentId, facts);
        if (app.newer_push === 'cancel' && isCancellable(deployment.state)) await supersedePushes(client, deployment);
        await notify(client, { kind: 'deployment', appId: push.appId, deploymentId });
        return deployment;
      });
    },
    async keep(pushId) {
      await settle(pushId, 'kept');
    },
    async drop(pushId) {
      await settle(pushId, 'dropped');
    },
    async listProvisional() {
      const { rows } = await pool.query<Row>(
        `select ${COLUMNS} from pushes where state = 'provisional' order by sequence`,
      );
      return rows.map(toPush);
    },
  };
}
