/** What the driver did and when: which versions were right at a moment, when a flip was, what was killed. Pure. */

/** Moments are `nowMs()` of the driver. */
export type Mark =
  /** From now on answers of `version`, too, are right. Posted before the flip is asked for. */
  | { type: 'begin'; at: number; version: string }
  /** The flip is acknowledged: from now on only answers of `version` are right. */
  | { type: 'acknowledged'; at: number; version: string }
  | { type: 'phase'; at: number; name: string }
  /** Something was taken down; judged once the run has ended. */
  | { type: 'outage'; outage: Outage }
  /** Everything up to now has been told. */
  | { type: 'watermark'; at: number };

export type Outage =
  /** An instance was killed: it was alive at `from` and dead at `to`. */
  | { kind: 'instance'; from: number; to: number; instance: string }
  /** A process that carries connections was killed: alive at `from`, dead at `to`. */
  | { kind: 'carrier'; from: number; to: number }
  /** Nobody listened between `from` and `to`: the embedded router is as far up as its platform. */
  | { kind: 'closed'; from: number; to: number };

interface Period {
  from: number;
  versions: readonly string[];
}

export const FLIP_WINDOW_MS = 100;

export class Timeline {
  readonly #periods: Period[] = [];
  readonly #phases: { from: number; name: string }[] = [];
  readonly outages: Outage[] = [];
  /** Moments of the acknowledgements. */
  readonly flips: number[] = [];
  watermark = 0;

  mark(mark: Mark): void {
    if (mark.type === 'outage') {
      this.outages.push(mark.outage);
      return;
    }
    this.watermark = mark.at;
    if (mark.type === 'begin') {
      const right = this.#periods.at(-1)?.versions ?? [];
      this.#periods.push({ from: mark.at, versions: [...new Set([...right, mark.version])] });
    } else if (mark.type === 'acknowledged') {
      this.#periods.push({ from: mark.at, versions: [mark.version] });
      this.flips.push(mark.at);
    } else if (mark.type === 'phase') this.#phases.push({ from: mark.at, name: mark.name });
  }

  /** Whether `version` was right at some moment between `from` and `to`. */
  isRight(version: string, from: number, to: number): boolean {
    for (let i = this.#periods.length - 1; i >= 0; i -= 1) {
      const period = this.#periods[i];
      if (period === undefined || period.from > to) continue;
      if (period.versions.includes(version)) return true;
      if (period.from <= from) return false;
    }
    return false;
  }

  /** Whether any part of the time from `from` to `to` lies within 100 ms of an acknowledgement. */
  isInsideFlip(from: number, to: number): boolean {
    const next = this.#firstFlipAfter(from - FLIP_WINDOW_MS);
    return next !== undefined && next <= to + FLIP_WINDOW_MS;
  }

  /** From the last acknowledgement before `at`; null before the first. */
  sinceFlipMs(at: number): number | null {
    const last = this.flips.findLast((flip) => flip <= at);
    return last === undefined ? null : at - last;
  }

  phaseAt(at: number): string {
    return this.#phases.findLast((phase) => phase.from <= at)?.name ?? 'start';
  }

  #firstFlipAfter(at: number): number | undefined {
    let low = 0;
    let high = this.flips.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.flips[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return this.flips[low];
  }
}
