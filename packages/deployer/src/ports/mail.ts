/** Port: puts mails into words and hands them to a mail server. Adapter: packages/mailer. */
import type { CommitFacts, Phase } from '@teal/core';

/** What a failure mail tells, as it was when the deployment failed. */
export interface FailureFacts {
  deploymentId: string;
  appName: string;
  commit: CommitFacts;
  trigger: string;
  requestedBy: string;
  phase: Phase;
  code: string;
  reason: string;
  /** Last lines of the deployment's log, without colours. */
  lastLines: readonly string[];
  /** What still serves: a short commit and its message, or null when nothing is live. */
  stillServes: CommitFacts | null;
  /** The deployment's page. */
  link: string;
  failedAt: string;
}

/** What a mail about a deployment that went live tells. */
export interface LiveFacts {
  kind: 'live';
  deploymentId: string;
  appName: string;
  commit: CommitFacts;
  trigger: string;
  requestedBy: string;
  at: string;
  /** Filled in when it is sent. */
  link?: string;
}

export type MailFacts = FailureFacts | LiveFacts;

export interface MailSender {
  /**
   * Sends one mail about one deployment that failed or went live, or a digest about several of one app. `messageId` is
   * stable over retries. Resolves when the mail server has accepted it.
   */
  sendNews(mail: { to: string; messageId: string; news: readonly MailFacts[] }, signal: AbortSignal): Promise<void>;
}
