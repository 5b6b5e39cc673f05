/** Starts the courier of the webhooks, and wakes it and the mails when the database tells of something new to send. */
import { type Courier, type JobQueue, startCourier } from '@teal/deployer';
import type { PostgresStore } from '@teal/store';
import { createWebhookSender } from '@teal/webhooks';
import type { Logger } from 'pino';
import { clock } from './clock.ts';
import type { Config } from './config.ts';

interface Parts {
  store: PostgresStore;
  queue: Pick<JobQueue, 'mailIsWaiting'>;
  config: Config;
  log: Logger;
  userAgent: string;
  linkOf: Parameters<typeof startCourier>[0]['linkOf'];
}

export function openWebhooks({ store, queue, config, log, userAgent, linkOf }: Parts): Courier {
  const sender = createWebhookSender({ allow: config.webhookAllow, userAgent });
  const courier = startCourier({ deliveries: store.deliveries, sender, linkOf, clock, log });
  const unsubscribe = store.bus.subscribe(({ kind }) => {
    if (kind !== 'outbox' && kind !== 'resync') return;
    courier.wake();
    void queue.mailIsWaiting().catch((error) => log.warn({ err: error }, 'the mail queue was not woken'));
  });
  return {
    ...courier,
    async close() {
      unsubscribe();
      await courier.close();
    },
  };
}
