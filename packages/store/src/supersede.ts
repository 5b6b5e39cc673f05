/** What a newer request does to older deployments of the same app: queued ones end at once, a running one is told to. */
import { type Deployment, shortCommit } from '@teal/core';
import type pg from 'pg';
import { notify } from './notify.ts';

/** Revives and starts were chosen by a person, so that a push waits for them instead. */
const SUPERSEDED_TRIGGERS = ['push', 'redeploy', 'platform-update'];

export async function supersedePushes(client: pg.PoolClient, newer: Deployment): Promise<void> {
  // Nobody asked for it: it takes its turn.
  if (newer.trigger === 'platform-update') return;
  const reason =
    newer.trigger === 'push' || newer.trigger === 'redeploy'
      ? `superseded by ${shortCommit(newer.commit.commit)}`
      : `superseded: ${newer.requestedBy} asked for ${shortCommit(newer.commit.commit)}`;
  const queued = await client.query<{ id: string }>(
    `update deployments
     set state = 'cancelled', cancel_reason = $3, times = times || jsonb_build_object('cancelled', clock_timestamp())
     where app_id = $1 and state = 'queued' and sequence < $2 and trigger = any($4) returning id`,
    [newer.appId, newer.sequence, reason, SUPERSEDED_TRIGGERS],
  );
  for (const { id } of queued.rows) await notify(client, { kind: 'deployment', appId: newer.appId, deploymentId: id });
  const running = await client.query<{ id: string }>(
    `update deployments set cancel_requested = true, cancel_reason = $3
     where app_id = $1 and state in ('building', 'starting', 'probing') and sequence < $2 and trigger = any($4)
       and not cancel_requested returning id`,
    [newer.appId, newer.sequence, reason, SUPERSEDED_TRIGGERS],
  );
  for (const { id } of running.rows) await notify(client, { kind: 'cancel', appId: newer.appId, deploymentId: id });
}
