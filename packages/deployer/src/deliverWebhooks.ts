/**
 * Hands over what waits for webhooks: at once, one after the other for each webhook, some webhooks at the same time, and again
 * with growing pauses. At least once: a receiver may see a delivery twice, by the same id.
 */
import type { Context } from './context.ts';
import type { AttemptOutcome, Deliveries, WaitingDelivery, WebhookSender } from './ports/webhooks.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Before the second attempt, the third and so on; then it is given up. */
export const RETRY_PAUSES_MS: readonly number[] = [
  10_000,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
];
const AT_ONCE = 8;
/** Longer than an attempt can take. */
const CLAIM_MS = MINUTE_MS;
/** For what no notification told of. */
const LOOK_MS = MINUTE_MS;
const AFTER_TROUBLE_MS = 5_000;

export interface Courier {
  /** Something may be due. */
  wake(): void;
  /** One attempt at this delivery now, never repeated. Null: it does not wait any more. */
  deliverNow(id: string): Promise<AttemptOutcome | null>;
  close(): Promise<void>;
}

export interface CourierDeps extends Pick<Context, 'clock' | 'log'> {
  deliveries: Deliveries;
  sender: WebhookSender;
  linkOf: Context['settings']['linkOf'];
}

export function startCourier({ deliveries, sender, linkOf, clock, log }: CourierDeps): Courier {
  const closing = new AbortController();
  const running = new Map<string, Promise<void>>();
  let woken = new AbortController();

  const attempt = ({ news, ...delivery }: WaitingDelivery) => {
    const link = news === null ? null : linkOf({ name: news.appName }, news.deploymentId);
    return sender.send({ ...delivery, news }, link, closing.signal);
  };

  async function deliver(delivery: WaitingDelivery): Promise<void> {
    const outcome = await attempt(delivery);
    // Shut down, not refused: it is due again when its claim is over.
    if (closing.signal.aborted) return;
    const pauseMs = RETRY_PAUSES_MS[delivery.attempts - 1];
    if (outcome.error === null || pauseMs === undefined) return deliveries.end(delivery, outcome);
    await deliveries.postpone(delivery.id, pauseMs, outcome);
  }

  /** Resolves to how long nothing is due. */
  async function fill(): Promise<number> {
    const free = AT_ONCE - running.size;
    // Whoever ends wakes the rest.
    if (free <= 0) return LOOK_MS;
    for (const delivery of await deliveries.claim({ limit: free, busy: [...running.keys()], claimMs: CLAIM_MS })) {
      const task = deliver(delivery)
        .catch((error) => log.warn({ deliveryId: delivery.id, err: error }, 'a delivery is left to its next attempt'))
        .finally(() => {
          running.delete(delivery.webhookId);
          woken.abort();
        });
      running.set(delivery.webhookId, task);
    }
    return (await deliveries.nextDueMs([...running.keys()])) ?? LOOK_MS;
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      woken = new AbortController();
      const waitMs = await fill().catch((error) => {
        log.warn({ err: error }, 'webhooks could not be looked at; they are again');
        return AFTER_TROUBLE_MS;
      });
      await clock.sleep(Math.min(waitMs, LOOK_MS), AbortSignal.any([woken.signal, closing.signal]));
    }
  }

  const loop = run();
  return {
    wake: () => woken.abort(),
    async deliverNow(id) {
      const delivery = await deliveries.claimOne(id, CLAIM_MS);
      if (delivery === null) return null;
      const outcome = await attempt(delivery);
      await deliveries.end(delivery, outcome);
      return outcome;
    },
    async close() {
      closing.abort();
      await loop;
      await Promise.all(running.values());
    },
  };
}
