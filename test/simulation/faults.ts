/** What can befall a port call. */

export const MODES = ['before', 'after', 'lost', 'refused', 'frozen'] as const;
/**
 * `before`: the process dies, nothing was done. `after`: done, and the process dies. `lost`: done, and the caller gets an
 * error. `refused`: not done, and the caller gets an error. `frozen`: done, and the process stands still for longer than its
 * lease before it sees the answer.
 */
export type Mode = (typeof MODES)[number];

export interface Fault {
  /** The number of the call, counted over all processes from 1. */
  call: number;
  mode: Mode;
}

export class Outage extends Error {
  override readonly name = 'Outage';
}
