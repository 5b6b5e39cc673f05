/** Sends requests all the time over kept-alive connections and checks every answer whole. Never tries again. */
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { HOME_PATH, readHome, readReceived, readSlow, SLOW_PATH } from './hello.ts';
import { type Answer, type Door, visit } from './visit.ts';

export interface LoadReport {
  requests: number;
  /** Sentences; a request that failed is in here and nowhere else. */
  failures: string[];
  /** Answers by the version that gave them. */
  byVersion: ReadonlyMap<string, number>;
  /** Requests that the old version went on answering after the newest had answered its first. */
  acrossTheFlip: number;
  clients: number;
  connections: number;
}

interface Client {
  /** One request; resolves with the version that answered; throws when the answer is wrong in any way. */
  ask(agent: Agent): Promise<string>;
  pauseMs: number;
}

const QUICK = 8;
const SLOW = 3;
const UPLOADS = 2;

export class Load {
  readonly #door: Door;
  readonly #clients: readonly Client[];
  readonly #failures: string[] = [];
  readonly #byVersion = new Map<string, number>();
  readonly #firstSeenAt = new Map<string, number>();
  readonly #ends: { version: string; at: number }[] = [];
  /** Per client: the version that answered it last. */
  readonly #last: (string | null)[];
  readonly #sockets = new Set<Socket>();
  #requests = 0;
  #stopping = false;
  #changed: (() => void)[] = [];
  readonly #running: Promise<unknown>;

  constructor(door: Door) {
    this.#door = door;
    const of = (count: number, client: Client) => Array.from({ length: count }, () => client);
    this.#clients = [
      ...of(QUICK, { ask: (agent) => this.#askHome(agent), pauseMs: 10 }),
      ...of(SLOW, { ask: (agent) => this.#askSlow(agent), pauseMs: 0 }),
      ...of(UPLOADS, { ask: (agent) => this.#upload(agent), pauseMs: 0 }),
    ];
    this.#last = this.#clients.map(() => null);
    this.#running = Promise.all(this.#clients.map((client, index) => this.#run(client, index)));
  }

  get clients(): number {
    return this.#clients.length;
  }

  /** Requests that have ended so far. */
  get requests(): number {
    return this.#requests;
  }

  /** Resolves when every connection has last been answered by `version`; rejects at the deadline. */
  async settledOn(version: string, deadlineMs: number): Promise<void> {
    const deadline = AbortSignal.timeout(deadlineMs);
    while (this.#last.filter((last) => last === version).length < this.#clients.length) {
      if (deadline.aborted)
        throw new Error(`not every connection was answered by version ${version} within ${deadlineMs} ms`);
      await this.#nextAnswer(deadline);
    }
  }

  /** When `version` answered first, by `performance.now()`. */
  firstSeenAt(version: string): number | null {
    return this.#firstSeenAt.get(version) ?? null;
  }

  /** Lets every request in flight end, then reports. */
  async stop(newest: string): Promise<LoadReport> {
    this.#stopping = true;
    await this.#running;
    const flippedAt = this.#firstSeenAt.get(newest) ?? Number.POSITIVE_INFINITY;
    return {
      requests: this.#requests,
      failures: this.#failures,
      byVersion: this.#byVersion,
      acrossTheFlip: this.#ends.filter(({ version, at }) => version !== newest && at > flippedAt).length,
      clients: this.#clients.length,
      connections: this.#sockets.size,
    };
  }

  #nextAnswer(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      deadline.addEventListener('abort', () => resolve(), { once: true });
      this.#changed.push(resolve);
    });
  }

  async #run(client: Client, index: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agent.on('free', (socket: Socket) => this.#sockets.add(socket));
    while (!this.#stopping) {
      await this.#once(client, index, agent);
      if (client.pauseMs > 0) await pause(client.pauseMs);
    }
    agent.destroy();
  }

  async #once(client: Client, index: number, agent: Agent): Promise<void> {
    this.#requests += 1;
    try {
      const version = await client.ask(agent);
      this.#byVersion.set(version, (this.#byVersion.get(version) ?? 0) + 1);
      if (!this.#firstSeenAt.has(version)) this.#firstSeenAt.set(version, performance.now());
      this.#last[index] = version;
      this.#ends.push({ version, at: performance.now() });
    } catch (error) {
      this.#failures.push((error as Error).message);
      // A router that is gone refuses at once: no need to count thousands.
      await pause(50);
    }
    for (const wake of this.#changed.splice(0)) wake();
  }

  async #askHome(agent: Agent): Promise<string> {
    const answer = await visit(this.#door, { method: 'GET', path: HOME_PATH, agent });
    return readHome(expectOk(answer)).version;
  }

  async #askSlow(agent: Agent): Promise<string> {
    return readSlow(expectOk(await visit(this.#door, { method: 'GET', path: SLOW_PATH, agent })));
  }

  /** A body sent over more than a second: it begins before a flip and ends after it. */
  async #upload(agent: Agent): Promise<string> {
    const pieces = Array.from({ length: 10 }, (_, piece) => `${piece}`.repeat(8_192));
    const answer = await visit(this.#door, { method: 'POST', path: HOME_PATH, agent, pieces, pieceMs: 120 });
    return readReceived(expectOk(answer), pieces.join(''));
  }
}

function expectOk(answer: Answer): string {
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.body.slice(0, 80)}`);
  return answer.body;
}
