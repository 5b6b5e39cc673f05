/**
 * Ends a deployment that did not go live: records why and writes the mails. Its instances are left to `retireReleases`,
 * which also finds them when this process dies right after the record.
 */
import { type Deployment, type Failure, isPhase, plainLine, shortCommit, TealError } from '@teal/core';
import type { FailureFacts } from './ports/mail.ts';
import { type Run, RunFailure } from './run.ts';

const MAIL_LINES = 50;

export async function cancelDeployment(run: Run): Promise<Deployment> {
  const reason = (await run.context.store.deployments.cancelRequested(run.deployment.id)) ?? 'cancelled';
  run.log.setPhase('done');
  run.log.line('teal', `==> cancelled: ${reason}`);
  await run.log.flush();
  return run.context.store.deployments.cancelled(run.lease, run.deployment.id);
}

/** The failure as the deployment records it; what nobody foresaw gets a reference into the platform's log. */
export function failureOf(run: Run, error: unknown): Failure {
  const phase = isPhase(run.deployment.state) ? run.deployment.state : 'queued';
  if (error instanceof RunFailure) return { phase, code: error.code, reason: error.message };
  if (error instanceof TealError) return { phase, code: error.code, reason: error.message };
  run.context.log.error({ deploymentId: run.deployment.id, err: error }, 'a deployment failed inside Teal');
  const internal = new TealError('internal', { reference: run.deployment.id });
  return { phase, code: internal.code, reason: internal.message };
}

export async function failDeployment(run: Run, failure: Failure): Promise<Deployment> {
  const { store, ids, queue, log } = run.context;
  run.log.setPhase('done');
  run.log.line('teal', `==> failed while ${failure.phase}: ${failure.reason}`);
  await run.log.flush();
  const facts = await factsOf(run, failure);
  const recipients = await store.recipients.ofFailures(run.app.id);
  const mails = recipients.map((recipient) => ({ id: ids.newId('mail'), recipient, facts }));
  const failed = await store.deployments.fail(run.lease, run.deployment.id, failure, mails);
  // The mail is in the outbox: a sweep finds it if this call is lost.
  if (mails.length > 0) {
    await queue.mailIsWaiting().catch((error) => log.warn({ err: error }, 'the mail queue was not woken'));
  }
  return failed;
}

async function factsOf(run: Run, failure: Failure): Promise<FailureFacts> {
  const { store, settings, clock } = run.context;
  const live = await store.deployments.live(run.app.id);
  const lines = await store.logs.tail(run.deployment.id, MAIL_LINES);
  return {
    deploymentId: run.deployment.id,
    appName: run.app.name,
    commit: run.deployment.commit,
    trigger: run.deployment.trigger,
    requestedBy: run.deployment.requestedBy,
    phase: failure.phase,
    code: failure.code,
    reason: failure.reason,
    lastLines: lines.map((line) => plainLine(line.text)),
    stillServes: live?.commit ?? null,
    link: settings.linkOf(run.app, run.deployment.id),
    failedAt: clock.now().toISOString(),
  };
}

/** What serves after this deployment has ended, in words. */
export function stillServing(live: Deployment | null): string {
  return live === null
    ? 'Nothing is live yet.'
    : `${shortCommit(live.commit.commit)} ("${live.commit.message}") still serves.`;
}
