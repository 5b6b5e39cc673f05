/** One clock for every thread of this process, so that moments of different threads can be compared. Keeps no time itself. */

/** Milliseconds on the machine's monotonic clock, with fractions. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
