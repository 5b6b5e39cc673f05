/** Empties the outbox: one mail per deployment that failed or went live, beyond five an hour per app and recipient one digest an hour. */
import type { Context } from './context.ts';
import type { LiveFacts } from './ports/mail.ts';
import type { OutboxMail } from './ports/store.ts';

const HOUR_MS = 60 * 60_000;
const SINGLE_MAILS_PER_HOUR = 5;
const RETRY_FIRST_MS = 5_000;
const RETRY_MAX_MS = 15 * 60_000;

type Deps = Pick<Context, 'store' | 'mail' | 'clock' | 'log'> & { settings: Pick<Context['settings'], 'linkOf'> };

/** Sends what is due; returns in how many milliseconds the next mail is due, or null. */
export async function sendMails(deps: Deps, signal: AbortSignal): Promise<number | null> {
  while (!signal.aborted) {
    const due = await deps.store.outbox.due();
    if (due === null) break;
    await sendGroup(deps, due, signal);
  }
  return deps.store.outbox.nextDueMs();
}

/** Mails of one app to one recipient. */
async function sendGroup(deps: Deps, mails: readonly OutboxMail[], signal: AbortSignal): Promise<void> {
  const { store, clock } = deps;
  const first = mails[0];
  if (first === undefined) return;
  const anHourAgo = new Date(clock.now().getTime() - HOUR_MS);
  const sent = await store.outbox.sentSince(first.appId, first.recipient, anHourAgo);
  const allowance = Math.max(0, SINGLE_MAILS_PER_HOUR - sent.single);
  for (const mail of mails.slice(0, allowance)) await sendMail(deps, { mails: [mail], inDigest: false }, signal);
  const rest = mails.slice(allowance);
  if (rest.length === 0) return;
  if (sent.digests > 0)
    await store.outbox.postpone(
      rest.map((mail) => mail.id),
      new Date(clock.now().getTime() + HOUR_MS / 4),
      null,
    );
  else await sendMail(deps, { mails: rest, inDigest: true }, signal);
}

async function sendMail(
  { store, mail, clock, log, settings }: Deps,
  { mails, inDigest }: { mails: readonly OutboxMail[]; inDigest: boolean },
  signal: AbortSignal,
): Promise<void> {
  const first = mails[0];
  if (first === undefined) return;
  const ids = mails.map((entry) => entry.id);
  const linkTo = ({ appName, deploymentId }: LiveFacts) => settings.linkOf({ name: appName }, deploymentId);
  try {
    const messageId = `<${first.id}@teal>`;
    const news = mails.map(({ facts }) => ('kind' in facts ? { ...facts, link: linkTo(facts) } : facts));
    await mail.sendNews({ to: first.recipient, messageId, news }, signal);
    await store.outbox.markSent(ids, { inDigest });
  } catch (error) {
    // Shut down, not refused: it is due again at the next start.
    if (signal.aborted) return;
    const delayMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(first.attempts, 10));
    const why = error instanceof Error ? error.message : String(error);
    log.warn({ to: first.recipient, retryInMs: delayMs, err: error }, 'a mail could not be sent');
    await store.outbox.postpone(ids, new Date(clock.now().getTime() + delayMs), why);
  }
}
