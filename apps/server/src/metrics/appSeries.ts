/**
 * The series that carry an app's name, counted over this process's life and written as Prometheus' text, in pieces that let
 * other work in between. A registry of objects takes several times as long for 10,000 apps.
 */
import { LATENCY_BOUNDS_MS, NO_TRAFFIC, STATUS_CLASSES, type TrafficMinute } from '@teal/core';
import { TextPiece } from './textPiece.ts';

export interface Family {
  name: string;
  type: 'counter' | 'histogram';
  help: string;
}

const REQUESTS: Family = {
  name: 'teal_requests_total',
  type: 'counter',
  help: 'Requests that were answered, by status class; colour "router": by the router itself.',
};
const DURATION: Family = {
  name: 'teal_request_duration_seconds',
  type: 'histogram',
  help: 'From request to end of answer, WebSockets left out. Has no sum: only buckets are known.',
};
const BYTES_IN: Family = {
  name: 'teal_request_bytes_total',
  type: 'counter',
  help: 'Bytes that clients sent.',
};
const BYTES_OUT: Family = {
  name: 'teal_response_bytes_total',
  type: 'counter',
  help: 'Bytes that clients were sent.',
};
const DEPLOYMENTS: Family = {
  name: 'teal_deployments_total',
  type: 'counter',
  help: 'Deployments that ended, by what asked for them and by outcome: live, failed or cancelled.',
};

/** How the lines of a histogram and of the status classes go on behind their heads. */
const BUCKET_ENDS = [...LATENCY_BOUNDS_MS.map((ms) => String(ms / 1_000)), '+Inf'].map(lineEnd);
const STATUS_ENDS = {
  '1xx': lineEnd('1xx'),
  '2xx': lineEnd('2xx'),
  '3xx': lineEnd('3xx'),
  '4xx': lineEnd('4xx'),
  '5xx': lineEnd('5xx'),
};

function lineEnd(label: string): Buffer {
  return Buffer.from(`${label}"} `);
}

interface PoolCounts {
  statuses: Record<string, number>;
  latency: number[];
  bytesIn: number;
  bytesOut: number;
}

interface AppCounts {
  /** By `blue`, `green` and `router`. */
  pools: Map<string, PoolCounts>;
  /** By their labels as they are written. */
  deployments: Map<string, number>;
}

export class AppSeries {
  readonly #apps = new Map<string, AppCounts>();

  addTraffic(minutes: readonly TrafficMinute[]): void {
    for (const { appId, colour, ...minute } of minutes) {
      const counts = this.#pool(appId, colour ?? 'router');
      for (const name of STATUS_CLASSES) counts.statuses[name] = (counts.statuses[name] ?? 0) + minute.statuses[name];
      for (const [index, count] of minute.latency.entries())
        counts.latency[index] = (counts.latency[index] ?? 0) + count;
      counts.bytesIn += minute.bytesIn;
      counts.bytesOut += minute.bytesOut;
    }
  }

  addDeployment(appId: string, { trigger, outcome }: { trigger: string; outcome: string }): void {
    const { deployments } = this.#app(appId);
    const labels = `trigger="${trigger}",outcome="${outcome}"`;
    deployments.set(labels, (deployments.get(labels) ?? 0) + 1);
  }

  forget(appId: string): void {
    this.#apps.delete(appId);
  }

  /** Ids of the apps that have series. */
  appIds(): IterableIterator<string> {
    return this.#apps.keys();
  }

  /** The text in pieces; apps without a name are left out. Names need no escaping: they are a-z, 0-9 and `-`. */
  *render(names: ReadonlyMap<string, string>): Generator<Buffer> {
    yield* this.#family(names, REQUESTS, (piece, { pools }, app) => {
      for (const [pool, { statuses }] of pools) {
        const head = `${REQUESTS.name}{${app},colour="${pool}",status="`;
        const met = STATUS_CLASSES.filter((name) => statuses[name]);
        const ends = met.map((name) => STATUS_ENDS[name]);
        piece.lines(
          head,
          ends,
          met.map((name) => statuses[name] ?? 0),
        );
      }
    });
    yield* this.#family(names, DURATION, (piece, { pools }, app) => {
      for (const [pool, { latency }] of pools) writeHistogram(piece, `${app},colour="${pool}"`, latency);
    });
    const bytes = (family: Family, read: (counts: PoolCounts) => number) =>
      this.#family(names, family, (piece, { pools }, app) => {
        for (const [pool, counts] of pools) piece.text(`${family.name}{${app},colour="${pool}"} ${read(counts)}\n`);
      });
    yield* bytes(BYTES_IN, ({ bytesIn }) => bytesIn);
    yield* bytes(BYTES_OUT, ({ bytesOut }) => bytesOut);
    yield* this.#family(names, DEPLOYMENTS, (piece, { deployments }, app) => {
      for (const [labels, count] of deployments) piece.text(`${DEPLOYMENTS.name}{${app},${labels}} ${count}\n`);
    });
  }

  *#family(
    names: ReadonlyMap<string, string>,
    { name, type, help }: Family,
    write: (piece: TextPiece, counts: AppCounts, app: string) => void,
  ): Generator<Buffer> {
    const piece = new TextPiece();
    piece.text(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
    for (const [appId, counts] of this.#apps) {
      const app = names.get(appId);
      if (app === undefined) continue;
      write(piece, counts, `app="${app}"`);
      if (piece.isFull) yield piece.take();
    }
    piece.text('\n');
    yield piece.take();
  }

  #app(appId: string): AppCounts {
    let counts = this.#apps.get(appId);
    if (counts === undefined) {
      counts = { pools: new Map(), deployments: new Map() };
      this.#apps.set(appId, counts);
    }
    return counts;
  }

  #pool(appId: string, pool: string): PoolCounts {
    const { pools } = this.#app(appId);
    let counts = pools.get(pool);
    if (counts === undefined) {
      counts = { statuses: { ...NO_TRAFFIC.statuses }, latency: [...NO_TRAFFIC.latency], bytesIn: 0, bytesOut: 0 };
      pools.set(pool, counts);
    }
    return counts;
  }
}

function writeHistogram(piece: TextPiece, labels: string, latency: readonly number[]): void {
  let count = 0;
  const counts = BUCKET_ENDS.map((_, index) => {
    count += latency[index] ?? 0;
    return count;
  });
  piece.lines(`${DURATION.name}_bucket{${labels},le="`, BUCKET_ENDS, counts);
  piece.text(`${DURATION.name}_count{${labels}} ${count}\n`);
}
