/** Ports: deliveries to webhooks that wait in the database, and what hands one over. Adapters: packages/store, packages/webhooks. */
import type { CommitFacts, DeploymentTrigger, Failure, WebhookEvent, WebhookForm } from '@teal/core';

/** What became of a deployment, as it was then. */
export interface DeploymentNews {
  kind: 'queued' | 'live' | 'failed' | 'cancelled';
  at: string;
  deploymentId: string;
  sequence: number;
  appId: string;
  appName: string;
  organisationId: string;
  organisationName: string;
  trigger: DeploymentTrigger;
  branch: string | null;
  commit: CommitFacts;
  requestedBy: string;
  failure: Failure | null;
  cancelReason: string | null;
  /** What was live besides it; null: nothing. */
  stillServes: CommitFacts | null;
}

export interface WaitingDelivery {
  /** Stable over retries: receivers tell a repetition by it. */
  id: string;
  webhookId: string;
  createdAt: Date;
  /** Attempts begun, this one included. */
  attempts: number;
  url: string;
  secret: string;
  form: WebhookForm;
  /** `test` has no news. */
  event: WebhookEvent | 'test';
  news: DeploymentNews | null;
}

/** How one attempt ended: `error` is null when the receiver answered 2xx. */
export interface AttemptOutcome {
  status: number | null;
  error: string | null;
}

export interface Deliveries {
  /**
   * Takes deliveries that are due, at most one of each webhook and none of `busy` ones. They are due again after `claimMs`,
   * unless their end is told before: whoever dies over one leaves it to the next.
   */
  claim(wish: { limit: number; busy: readonly string[]; claimMs: number }): Promise<WaitingDelivery[]>;
  /** Null: there is none of this id that waits. */
  claimOne(id: string, claimMs: number): Promise<WaitingDelivery | null>;
  end(delivery: Pick<WaitingDelivery, 'id' | 'webhookId'>, outcome: AttemptOutcome): Promise<void>;
  postpone(id: string, delayMs: number, outcome: AttemptOutcome): Promise<void>;
  /** Milliseconds until the next is due, those of `busy` webhooks left out; null when none waits. */
  nextDueMs(busy: readonly string[]): Promise<number | null>;
}

export interface WebhookSender {
  /** One attempt, within seconds. Never rejects for what the receiver does. `link`: the deployment's page. */
  send(delivery: WaitingDelivery, link: string | null, signal: AbortSignal): Promise<AttemptOutcome>;
}
