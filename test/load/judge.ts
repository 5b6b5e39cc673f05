/** Counts what was lost, late and slow, kind by kind. Asks for nothing and waits for nothing: fed with records and marks. */
import { EXCUSES, type Excuse, excuseOf } from './excuse.ts';
import { Latencies } from './latencies.ts';
import { KINDS, type Kind, QUICK, type RequestRecord } from './record.ts';
import { FLIP_WINDOW_MS, type Mark, Timeline } from './timeline.ts';

export interface KindFigures {
  /** That ended, without those that are excused. */
  requests: number;
  lost: number;
  late: number;
  /** Of whole answers; up to the answer's head for kinds that take their time. Null without any. */
  p50_ms_inside: number | null;
  p99_ms_inside: number | null;
  p50_ms_outside: number | null;
  p99_ms_outside: number | null;
}

/** A loss or a late answer with all that is known of it. */
export interface Sample {
  what: 'lost' | 'late' | Excuse;
  record: RequestRecord;
  phase: string;
  tookMs: number;
  /** From the last acknowledged flip to the request's start. */
  sinceFlipMs: number | null;
}

export interface Verdict {
  requests: number;
  lost: number;
  late: number;
  flips: number;
  excused: Record<Excuse, number>;
  byKind: Partial<Record<Kind, KindFigures>>;
  /** The quick kinds together. */
  quick: Pick<KindFigures, 'p50_ms_inside' | 'p99_ms_inside' | 'p50_ms_outside' | 'p99_ms_outside'>;
  versions: Record<string, number>;
  samples: Sample[];
  /** Numbers of the POSTs that were answered. */
  answeredIds: number[];
}

interface Tally {
  answered: number;
  late: number;
  inside: Latencies;
  outside: Latencies;
}

const NOTHING: Tally = { answered: 0, late: 0, inside: new Latencies(), outside: new Latencies() };
const MAX_SAMPLES_PER_SORT = 20;

export class Judge {
  readonly #timeline = new Timeline();
  readonly #tallies = new Map<Kind, Tally>();
  readonly #failures: RequestRecord[] = [];
  readonly #lateSamples: Sample[] = [];
  readonly #versions: Record<string, number> = {};
  readonly #answeredIds: number[] = [];
  #waiting: RequestRecord[] = [];
  #answered = 0;

  /** Whole answers so far. */
  get answered(): number {
    return this.#answered;
  }

  add(record: RequestRecord): void {
    if (record.failure !== null) this.#failures.push(record);
    else {
      this.#answered += 1;
      this.#tally(record.kind).answered += 1;
      if (record.id !== null) this.#answeredIds.push(record.id);
      this.#waiting.push(record);
    }
  }

  mark(mark: Mark): void {
    this.#timeline.mark(mark);
    if (mark.type === 'watermark') this.#sweep(mark.at - FLIP_WINDOW_MS);
  }

  /** Once the traffic has ended and the driver has told everything. */
  verdict(): Verdict {
    this.#sweep(Number.POSITIVE_INFINITY);
    const samples = this.#failures.map((record) =>
      this.#sample(excuseOf(record, this.#timeline.outages) ?? 'lost', record),
    );
    const count = (what: Sample['what'], kind?: Kind) =>
      samples.filter((sample) => sample.what === what && (kind === undefined || sample.record.kind === kind)).length;
    const byKind: Verdict['byKind'] = {};
    for (const kind of KINDS) {
      const tally = this.#tallies.get(kind);
      const lost = count('lost', kind);
      if (tally === undefined && lost === 0) continue;
      const { answered, late } = tally ?? NOTHING;
      byKind[kind] = { requests: answered + lost, lost, late, ...quantiles(tally ?? NOTHING) };
    }
    const lost = count('lost');
    return {
      requests: this.#answered + lost,
      lost,
      late: [...this.#tallies.values()].reduce((sum, { late }) => sum + late, 0),
      flips: this.#timeline.flips.length,
      excused: Object.fromEntries(EXCUSES.map((excuse) => [excuse, count(excuse)])) as Record<Excuse, number>,
      byKind,
      quick: quantiles(this.#together()),
      versions: this.#versions,
      samples: firstOfEach([...samples, ...this.#lateSamples]),
      answeredIds: this.#answeredIds,
    };
  }

  /** Judges the answers that ended before `before`: everything about their time has been told. */
  #sweep(before: number): void {
    const later: RequestRecord[] = [];
    for (const record of this.#waiting) {
      if (record.endedAt > before) later.push(record);
      else this.#judge(record);
    }
    this.#waiting = later;
  }

  #judge(record: RequestRecord): void {
    const { kind, version, startedAt, endedAt, headAt } = record;
    const tally = this.#tally(kind);
    const routedBy = headAt ?? endedAt;
    if (version !== null) {
      this.#versions[version] = (this.#versions[version] ?? 0) + 1;
      if (!this.#timeline.isRight(version, startedAt, routedBy)) {
        tally.late += 1;
        if (this.#lateSamples.length < MAX_SAMPLES_PER_SORT) this.#lateSamples.push(this.#sample('late', record));
      }
    }
    const until = QUICK.includes(kind) ? endedAt : routedBy;
    const latencies = this.#timeline.isInsideFlip(startedAt, until) ? tally.inside : tally.outside;
    latencies.add(until - startedAt);
  }

  #sample(what: Sample['what'], record: RequestRecord): Sample {
    const { startedAt, endedAt } = record;
    const phase = this.#timeline.phaseAt(startedAt);
    return { what, record, phase, tookMs: endedAt - startedAt, sinceFlipMs: this.#timeline.sinceFlipMs(startedAt) };
  }

  #tally(kind: Kind): Tally {
    let tally = this.#tallies.get(kind);
    if (tally === undefined) {
      tally = { answered: 0, late: 0, inside: new Latencies(), outside: new Latencies() };
      this.#tallies.set(kind, tally);
    }
    return tally;
  }

  #together(): Pick<Tally, 'inside' | 'outside'> {
    const all = { inside: new Latencies(), outside: new Latencies() };
    for (const kind of QUICK) {
      const tally = this.#tallies.get(kind);
      if (tally === undefined) continue;
      all.inside.addAll(tally.inside);
      all.outside.addAll(tally.outside);
    }
    return all;
  }
}

function quantiles({ inside, outside }: Pick<Tally, 'inside' | 'outside'>): Verdict['quick'] {
  return {
    p50_ms_inside: inside.quantile(0.5),
    p99_ms_inside: inside.quantile(0.99),
    p50_ms_outside: outside.quantile(0.5),
    p99_ms_outside: outside.quantile(0.99),
  };
}

function firstOfEach(samples: readonly Sample[]): Sample[] {
  const counts = new Map<string, number>();
  return samples.filter(({ what, record, phase }) => {
    const sort = `${what} ${record.kind} ${phase}`;
    const count = counts.get(sort) ?? 0;
    counts.set(sort, count + 1);
    return count < MAX_SAMPLES_PER_SORT;
  });
}
