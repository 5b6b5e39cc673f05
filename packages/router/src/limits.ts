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
  /** A member gets no more requests than these at a time, WebSockets aside; others wait in a line. */
  maxRequestsPerMember: number;
  /** A request waits this long for a member before it is answered 503. */
  queueTimeoutMs: number;
  /** A member that could not be connected to gets nothing for this long while the pool has others. */
  memberDownMs: number;
  /** Between two reports of traffic figures. */
  trafficIntervalMs: number;
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
  maxHeaderBytes: 16 * 1024,
  maxRequestsPerMember: 512,
  queueTimeoutMs: 30_000,
  memberDownMs: 2_000,
  trafficIntervalMs: 2_000,
  closeDeadlineMs: 10_000,
});
