/** What is kept of one request until it is judged. Data only. */

export const KINDS = ['keep-alive', 'fresh', 'post', 'h2', 'upload', 'slow', 'sse', 'websocket'] as const;
export type Kind = (typeof KINDS)[number];

/** Short requests: the latencies of these make the figures inside and outside flips. */
export const QUICK: readonly Kind[] = ['keep-alive', 'fresh', 'post', 'h2'];

/** Moments are `nowMs()`. */
export interface RequestRecord {
  kind: Kind;
  /** Which of the kind's connections sent it. */
  line: number;
  /** Of a POST or an upload: its number, which the app tells the collector. */
  id: number | null;
  startedAt: number;
  /** When the connection was asked for; null: it never was. */
  openedAt: number | null;
  /** When the connection was seen to stand, which may be later than it did; null: it never did. */
  connectedAt: number | null;
  reused: boolean;
  headAt: number | null;
  endedAt: number;
  status: number | null;
  bodyBytes: number;
  version: string | null;
  instance: string | null;
  /** Null: a whole and right answer. */
  failure: string | null;
}
