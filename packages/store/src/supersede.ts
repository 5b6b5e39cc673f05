/** What a newer request, or a stop, does to deployments of the same app: queued ones end at once, a running one is told to. */
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
  const states = ['building', 'starting', 'probing'];
  await endUnfinished(client, newer.appId, { reason, states, before: newer.sequence, triggers: SUPERSEDED_TRIGGERS });
}

interface Ending {
  reason: string;
  /** In which a running one is told. */
  states: readonly string[];
  /** Only those accepted before this place, and only of these kinds; all without. */
  before?: number;
  triggers?: readonly string[];
}

export async function endUnfinished(client: pg.PoolClient, appId: string, ending: Ending): Promise<void> {
  const { reason, states, before = null, triggers = null } = ending;
  const wanted = 'app_id = $1 and ($3::bigint is null or sequence < $3) and ($4::text[] is null or trigger = any($4))';
  const queued = await client.query<{ id: string }>(
    `update deployments
     set state = 'cancelled', cancel_reason = $2, times = times || jsonb_build_object('cancelled', clock_timestamp())
     where ${wanted} and state = 'queued' returning id`,
    [appId, reason, before, triggers],
  );
  for (const { id } of queued.rows) await notify(client, { kind: 'deployment', appId, deploymentId: id });
  const running = await client.query<{ id: string }>(
    `update deployments set cancel_requested = true, cancel_reason = $2
     where ${wanted} and state = any($5) and not cancel_requested returning id`,
    [appId, reason, before, triggers, states],
  );
  for (const { id } of running.rows) await notify(client, { kind: 'cancel', appId, deploymentId: id });
}
