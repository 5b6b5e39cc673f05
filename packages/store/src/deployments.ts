/** Deployments: asked for, moved along the table of core, ended. */
import {
  DEPLOYMENT_STATES,
  type Deployment,
  type DeploymentEvent,
  type DeploymentState,
  TealError,
  transition,
} from '@teal/core';
import type { Advance, DeploymentRequest, Deployments, Lease, NewMail } from '@teal/deployer';
import type pg from 'pg';
import { fenced, fencedStatement, HELD, one, transaction } from './database.ts';
import { forget } from './history.ts';
import { announcement, notify, told } from './notify.ts';
import { type Row, toDeployment } from './rows.ts';
import { supersedePushes } from './supersede.ts';
import { toJson, toText } from './text.ts';

const ACTIVE = `('building', 'starting', 'probing', 'switching')`;
const UNFINISHED = `('queued', 'building', 'starting', 'probing', 'switching')`;

interface Move {
  event: DeploymentEvent;
  change?: Advance & { failure?: unknown };
  /** Cancelling and failing ignore a wish to cancel; going on does not. */
  despiteCancel?: boolean;
}

async function locked(client: pg.PoolClient, appId: string, id: string): Promise<Row> {
  const row = await one<Row>(client, 'select * from deployments where id = $1 and app_id = $2 for update', [id, appId]);
  if (row === null) throw new TealError('deployment_not_found', { id });
  return row;
}

/** One step along the table inside a transaction; null when the table or a wish to cancel forbids it. */
async function move(
  client: pg.PoolClient,
  row: Row,
  { event, change = {}, despiteCancel }: Move,
): Promise<Deployment | null> {
  const next = transition(row.state, event);
  if (next === null || (row.cancel_requested && !despiteCancel)) return null;
  const moved = await one<Row>(
    client,
    `update deployments set state = $2, attempts = 1, times = times || jsonb_build_object($2::text, clock_timestamp()),
       release_id = coalesce($3, release_id), colour = coalesce($4, colour), failure = coalesce($5, failure)
     where id = $1 returning *`,
    [row.id, next, change.releaseId ?? null, change.colour ?? null, change.failure ? toJson(change.failure) : null],
  );
  await notify(client, { kind: 'deployment', appId: row.app_id, deploymentId: row.id });
  return toDeployment(moved as Row);
}

function mustMove(deployment: Deployment | null, row: Row, event: string): Deployment {
  if (deployment === null) throw new Error(`deployment ${row.id} in state ${row.state} does not take "${event}"`);
  return deployment;
}

async function addMails(client: pg.PoolClient, appId: string, mails: readonly NewMail[]): Promise<void> {
  for (const mail of mails) {
    await client.query(
      `insert into outbox (id, app_id, recipient, facts) values ($1, $2, $3, $4) on conflict do nothing`,
      [mail.id, appId, mail.recipient, toJson(mail.facts)],
    );
  }
}

async function checkExpectedLive(client: pg.PoolClient, request: DeploymentRequest): Promise<void> {
  if (request.expectedLive === undefined) return;
  const live = await one<{ id: string }>(client, `select id from deployments where app_id = $1 and state = 'live'`, [
    request.appId,
  ]);
  if ((live?.id ?? null) !== request.expectedLive) {
    throw new TealError('live_changed', { live: live?.id ?? 'nothing', liveDeploymentId: live?.id ?? '' });
  }
}

async function insertRequested(client: pg.PoolClient, request: DeploymentRequest): Promise<Deployment> {
  const row = await one<Row>(
    client,
    `insert into deployments (id, app_id, sequence, trigger, state, commit, branch, requested_by, release_id, times)
     values ($1, $2, nextval('acceptance_order'), $3, 'queued', $4, $5, $6, $7,
       jsonb_build_object('queued', clock_timestamp())) returning *`,
    [
      request.id,
      request.appId,
      request.trigger,
      toJson(request.commit),
      request.branch,
      request.requestedBy,
      request.releaseId,
    ],
  );
  return toDeployment(row as Row);
}

/** An unfinished revive or start of the same release, which further clicks join. */
function unfinishedSame(client: pg.PoolClient, request: DeploymentRequest): Promise<Row | null> {
  return one<Row>(
    client,
    `select * from deployments where app_id = $1 and state in ${UNFINISHED} and trigger in ('revive', 'start')
       and release_id = $2 and not cancel_requested limit 1`,
    [request.appId, request.releaseId],
  );
}

async function goLive(client: pg.PoolClient, row: Row): Promise<Deployment> {
  const before = await client.query<Row>(`select * from deployments where app_id = $1 and state = 'live' for update`, [
    row.app_id,
  ]);
  for (const old of before.rows)
    mustMove(await move(client, old, { event: 'replaced', despiteCancel: true }), old, 'replaced');
  const moved = mustMove(await move(client, row, { event: 'route-proven', despiteCancel: true }), row, 'route-proven');
  await client.query(
    `update releases set retired_at = clock_timestamp()
     where id = (select live_release_id from apps where id = $1) and id <> $2`,
    [row.app_id, moved.releaseId],
  );
  await client.query('update releases set live_at = clock_timestamp(), retired_at = null where id = $1', [
    moved.releaseId,
  ]);
  await client.query('update apps set live_release_id = $2, stopped = false where id = $1', [
    row.app_id,
    moved.releaseId,
  ]);
  await notify(client, { kind: 'app', appId: row.app_id });
  return moved;
}

async function requestCancel(client: pg.PoolClient, appId: string, id: string, reason: string): Promise<boolean> {
  const row = await locked(client, appId, id);
  if (row.state === 'queued') {
    await client.query('update deployments set cancel_reason = $2 where id = $1', [id, reason]);
    return (await move(client, row, { event: 'cancelled', despiteCancel: true })) !== null;
  }
  if (transition(row.state, 'cancelled') === null) return false;
  await client.query(
    `update deployments set cancel_requested = true, cancel_reason = coalesce(cancel_reason, $2) where id = $1`,
    [id, reason],
  );
  await notify(client, { kind: 'cancel', appId, deploymentId: id });
  return true;
}

interface Step {
  id: string;
  event: DeploymentEvent;
  change: Advance | undefined;
}

/** {@link move} as one statement: the steps that every deployment takes, several in a row. */
async function advance(pool: pg.Pool, lease: Lease, { id, event, change }: Step): Promise<Deployment | null> {
  const row = await fencedStatement<Row>(pool, lease, {
    name: 'deployment-advance',
    text: `with ${HELD}, changed as (
        update deployments set state = $4::jsonb ->> state, attempts = 1, release_id = coalesce($5, release_id),
          times = times || jsonb_build_object($4::jsonb ->> state, clock_timestamp()), colour = coalesce($6, colour)
        where id = $3 and app_id = $1 and $4::jsonb ? state and not cancel_requested and exists (select from held)
        returning *),
      ${told(7)}
      select (select count(*) from held) as held, (select count(*) from told) as told, changed.*
        from (select) as nothing left join changed on true`,
    values: [
      id,
      JSON.stringify(nextStates(event)),
      change?.releaseId ?? null,
      change?.colour ?? null,
      announcement({ kind: 'deployment', appId: lease.appId, deploymentId: id }),
    ],
  });
  if (row.id !== null) return toDeployment(row);
  const found = await one(pool, 'select 1 from deployments where id = $1 and app_id = $2', [id, lease.appId]);
  if (found === null) throw new TealError('deployment_not_found', { id });
  return null;
}

/** From each state that takes the event to the one it leads to. */
function nextStates(event: DeploymentEvent): Record<string, string> {
  const steps = DEPLOYMENT_STATES.map((state) => [state, transition(state, event)] as const);
  return Object.fromEntries(steps.filter((step): step is [DeploymentState, DeploymentState] => step[1] !== null));
}

export function createDeployments(pool: pg.Pool): Deployments {
  const find = async (text: string, values: unknown[]) => {
    const row = await one<Row>(pool, text, values);
    return row === null ? null : toDeployment(row);
  };
  const end = (lease: Lease, id: string, step: Move, mails: readonly NewMail[] = []) =>
    fenced(pool, lease, async (client) => {
      const row = await locked(client, lease.appId, id);
      const moved = mustMove(await move(client, row, { ...step, despiteCancel: true }), row, step.event);
      await addMails(client, lease.appId, mails);
      return moved;
    });

  return {
    get: (id) => find('select * from deployments where id = $1', [id]),
    find: (appId, id) => find('select * from deployments where app_id = $1 and id = $2', [appId, toText(id)]),
    async list(appId, { limit, before }) {
      const { rows } = await pool.query<Row>(
        `select * from deployments where app_id = $1 and ($2::bigint is null or sequence < $2)
         order by sequence desc limit $3`,
        [appId, before, limit],
      );
      return rows.map(toDeployment);
    },
    active: (appId) => find(`select * from deployments where app_id = $1 and state in ${ACTIVE}`, [appId]),
    next: (appId) =>
      find(`select * from deployments where app_id = $1 and state = 'queued' order by sequence limit 1`, [appId]),
    live: (appId) => find(`select * from deployments where app_id = $1 and state = 'live'`, [appId]),
    async appsWithWork() {
      const { rows } = await pool.query<{ app_id: string }>(
        `select distinct app_id from deployments where state in ${UNFINISHED}
         union select id from apps where deleting`,
      );
      return rows.map((row) => row.app_id);
    },
    request(request) {
      return transaction(pool, async (client) => {
        // Requests of one app stand in line here, so that two of them at once see each other.
        const app = await one<{ newer_push: string }>(
          client,
          `select settings ->> 'newerPush' as newer_push from apps where id = $1 and not deleting for update`,
          [request.appId],
        );
        if (app === null) throw new TealError('app_not_found', { name: request.appId });
        const same = request.releaseId === null ? null : await unfinishedSame(client, request);
        if (same !== null) return { deployment: toDeployment(same), joined: true };
        await checkExpectedLive(client, request);
        const deployment = await insertRequested(client, request);
        // A redeploy is one more push to the app's line; what a person starts goes before all of them.
        const waits = request.trigger === 'redeploy' && app.newer_push === 'wait';
        if (!waits) await supersedePushes(client, deployment);
        await notify(client, { kind: 'deployment', appId: request.appId, deploymentId: deployment.id });
        return { deployment, joined: false };
      });
    },
    advance: (lease, id, event, change) => advance(pool, lease, { id, event, change }),
    async attempt(lease, id, by) {
      return fenced(pool, lease, async (client) => {
        const row = await one<{ attempts: number }>(
          client,
          'update deployments set attempts = attempts + $2 where id = $1 and app_id = $3 returning attempts',
          [id, by, lease.appId],
        );
        return row?.attempts ?? 0;
      });
    },
    releaseCommandDone(lease, id) {
      return fenced(pool, lease, async (client) => {
        await locked(client, lease.appId, id);
        const row = await one<Row>(
          client,
          'update deployments set release_command_at = clock_timestamp() where id = $1 returning *',
          [id],
        );
        return toDeployment(row as Row);
      });
    },
    goLive: (lease, id) => fenced(pool, lease, async (client) => goLive(client, await locked(client, lease.appId, id))),
    fail: (lease, id, failure, mails) => end(lease, id, { event: 'failed', change: { failure } }, mails),
    cancelled: (lease, id) => end(lease, id, { event: 'cancelled' }),
    forget: (lease, retention) => forget(pool, lease, retention),
    requestCancel: (appId, id, reason) => transaction(pool, (client) => requestCancel(client, appId, id, reason)),
    async cancelRequested(id) {
      const row = await one<{ cancel_reason: string }>(
        pool,
        'select cancel_reason from deployments where id = $1 and cancel_requested',
        [id],
      );
      return row?.cancel_reason ?? null;
    },
  };
}
