/** The router's waiting times and sizes, in one place, so that tests can shorten them. */

export interface Limits {
  /** From the first byte (or the connection) to the end of the headers. */
  headersTimeoutMs: number;
  /** An upload on which nothing moves for this long is broken off. */
  uploadIdleMs: number;
  /** How long an upload whose answer has been sent is read to nowhere before the connection is cut. */
  lingerMs: number;
  /** An idle client connection stays open this long. */
  keepAliveMs: number;
  connectTimeoutMs: number;
  /** Nothing moves between router and app for this long before the answer begins. */
  answerTimeoutMs: number;
  maxHeaderBytes: number;
  /** `close()` waits this long for what is in flight. */
  closeDeadlineMs: number;
}

export const DEFAULT_LIMITS: Readonly<Limits> = Object.freeze({
  headersTimeoutMs: 30_000,
  uploadIdleMs: 120_000,
  lingerMs: 15_000,
  keepAliveMs: 5 * 60_000,
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 3 * 60_000,
  maxHeaderBytes: 32 * 1024,
  closeDeadlineMs: 10_000,
});
