/** How much history of an app is kept. What is live, may be started again or runs is kept whatever its age. */

export interface Retention {
  /** The newest deployments of an app that are kept. */
  deployments: number;
  /** Those of them whose log is kept. */
  logs: number;
}

export const DEFAULT_RETENTION: Readonly<Retention> = Object.freeze({ deployments: 200, logs: 50 });

/** Mails that were sent are forgotten after this long. */
export const SENT_MAILS_KEPT_MS = 30 * 24 * 60 * 60_000;
