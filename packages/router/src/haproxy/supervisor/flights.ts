/** What instances have in flight, asked of every HAProxy that runs, and the wait until it is nothing. Changes no pool. */
import type { Generation } from './generation.ts';
import { expectAnswer } from './servers.ts';

export interface Count {
  requests: number;
  webSockets: number;
}

export interface DrainOptions {
  deadlineMs: number;
  webSocketDeadlineMs: number;
  signal: AbortSignal;
}

export interface FlightSources {
  generations(): readonly Generation[];
  /** Backends that an instance is a server of, in or out of the pool. */
  backendsOf(instanceId: string): ReadonlySet<string>;
}

/** How long a WebSocket that was cut may take to be gone. */
const GOING_AWAY_MS = 1_000;
const SHORTEST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 40;
/** Between reading an app's route and choosing a member HAProxy counts a request nowhere: nothing is nothing if seen twice. */
const SECOND_LOOK_MS = 3;

export class Flights {
  readonly #sources: FlightSources;

  constructor(sources: FlightSources) {
    this.#sources = sources;
  }

  async count(instanceIds: readonly string[]): Promise<Count> {
    const counts = await Promise.all(
      this.#sources
        .generations()
        .map((generation) => this.#countIn(generation, new Set(instanceIds)).catch(() => NOTHING)),
    );
    return {
      requests: counts.reduce((sum, count) => sum + count.requests, 0),
      webSockets: counts.reduce((sum, count) => sum + count.webSockets, 0),
    };
  }

  /** See the port. */
  async drained(
    instanceIds: readonly string[],
    { deadlineMs, webSocketDeadlineMs, signal }: DrainOptions,
  ): Promise<boolean> {
    const beganAt = performance.now();
    let cutAt: number | null = null;
    let waitMs = SHORTEST_WAIT_MS;
    let wasNothing = false;
    while (!signal.aborted) {
      const { requests, webSockets } = await this.count(instanceIds);
      const now = performance.now();
      const isNothing = requests === 0 && webSockets === 0;
      if (isNothing && wasNothing) return cutAt === null;
      const requestsLate = now - beganAt >= deadlineMs;
      const settled = requests === 0 || requestsLate;
      // Cutting takes all sessions of a server: a request that has time left goes first.
      if (cutAt === null && webSockets > 0 && settled && now - beganAt >= webSocketDeadlineMs) {
        await this.#cut(instanceIds);
        cutAt = now;
      }
      const webSocketsLate = cutAt !== null && now - cutAt >= GOING_AWAY_MS;
      if (!isNothing && settled && (webSockets === 0 || webSocketsLate)) return false;
      wasNothing = isNothing;
      await pause(isNothing ? SECOND_LOOK_MS : waitMs, signal);
      waitMs = Math.min(waitMs * 1.3, LONGEST_WAIT_MS);
    }
    return false;
  }

  async #cut(instanceIds: readonly string[]): Promise<void> {
    for (const generation of this.#sources.generations()) {
      for (const id of instanceIds) {
        for (const backend of this.#sources.backendsOf(id)) {
          const command = `shutdown sessions server ${backend}/${id}`;
          const answer = await generation.ask(command).catch(() => '');
          expectAnswer(command, answer, /^(No such (server|backend)\.|)$/);
        }
      }
    }
  }

  async #countIn(generation: Generation, ids: ReadonlySet<string>): Promise<Count> {
    const backends = new Set([...ids].flatMap((id) => [...this.#sources.backendsOf(id)]));
    const known = [...ids].filter((id) => this.#sources.backendsOf(id).size > 0);
    const [stats, sockets] = await Promise.all([
      Promise.all([...backends].map((backend) => generation.ask(`show stat ${backend} 6 -1`))),
      Promise.all(known.map((id) => generation.ask(`show table ws key ${id}`))),
    ]);
    const all = stats.reduce((sum, text) => sum + sessionsIn(text, ids), 0);
    const webSockets = sockets.reduce((sum, text) => sum + Number(/\bconn_cur=(\d+)/.exec(text)?.[1] ?? 0), 0);
    return { requests: Math.max(0, all - webSockets), webSockets };
  }
}

const NOTHING: Count = Object.freeze({ requests: 0, webSockets: 0 });

/** Sessions of these servers, and what waits in their queues or, for any of a pool, in the pool's. */
function sessionsIn(text: string, ids: ReadonlySet<string>): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    const [, server, queued, , sessions] = line.split(',', 5);
    if (server === 'BACKEND') sum += Number(queued);
    else if (server !== undefined && ids.has(server)) sum += Number(queued) + Number(sessions);
  }
  return sum;
}

/** Ends early when `signal` aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener('abort', over);
  });
}
