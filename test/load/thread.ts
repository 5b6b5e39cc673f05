/** The driver's end of the traffic thread: tells it what was done and when, and hears how far it is. */
import { Worker } from 'node:worker_threads';
import { nowMs } from './clock.ts';
import type { Mark } from './timeline.ts';
import type { TrafficOptions } from './traffic.ts';
import type { FromWorker, ToWorker } from './worker.ts';

const WATERMARK_MS = 100;

export type Ended = Extract<FromWorker, { type: 'ended' }>;

export class TrafficThread {
  /** Whole answers so far. */
  answered = 0;
  /** Rejects when the thread dies before its time. */
  readonly ended: Promise<Ended>;
  readonly #worker: Worker;
  readonly #watermarks: NodeJS.Timeout;

  /** The traffic starts with `version` as the right one. */
  constructor(options: TrafficOptions, version: string) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: options });
    this.ended = new Promise((resolve, reject) => {
      this.#worker.on('error', reject);
      this.#worker.on('exit', () => reject(new Error('the traffic thread ended early')));
      this.#worker.on('message', (message: FromWorker) => {
        if (message.type === 'ended') resolve(message);
        else this.answered = message.answered;
      });
    });
    this.ended.catch(() => {});
    this.begin(version);
    this.#watermarks = setInterval(() => this.#mark({ type: 'watermark', at: nowMs() }), WATERMARK_MS);
  }

  begin(version: string): void {
    this.#mark({ type: 'begin', at: nowMs(), version });
  }

  acknowledged(version: string): void {
    this.#mark({ type: 'acknowledged', at: nowMs(), version });
  }

  phase(name: string): void {
    this.#mark({ type: 'phase', at: nowMs(), name });
  }

  outage(outage: Extract<Mark, { type: 'outage' }>['outage']): void {
    this.#mark({ type: 'outage', outage });
  }

  /** Begins no new request, waits for those under way; also for an end in the middle. */
  async stop(): Promise<Ended> {
    this.#send({ type: 'stop' });
    try {
      return await this.ended;
    } finally {
      clearInterval(this.#watermarks);
    }
  }

  async destroy(): Promise<void> {
    clearInterval(this.#watermarks);
    await this.#worker.terminate();
  }

  #mark(mark: Mark): void {
    this.#send({ type: 'mark', mark });
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}
