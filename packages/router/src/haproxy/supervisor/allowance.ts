/**
 * Keeps WebSockets out of each member's limit: HAProxy counts them, so a member that has some may have as many more.
 * HAProxy tells nobody of a new WebSocket, so it is asked, several times a second. Routes nothing.
 */
import type { Generation } from './generation.ts';

const LOOK_MS = 250;

export interface AllowanceOptions {
  limit: number;
  generations(): readonly Generation[];
  backendsOf(instanceId: string): ReadonlySet<string>;
}

export class Allowance {
  readonly #options: AllowanceOptions;
  /** Per process: instance → WebSockets that its limit allows for. */
  readonly #given = new WeakMap<Generation, Map<string, number>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#startIn(LOOK_MS);
  }

  stop(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
  }

  #startIn(ms: number): void {
    this.#timer = setTimeout(async () => {
      let members = 0;
      for (const generation of this.#options.generations()) {
        members += await this.#look(generation).catch(() => 0);
      }
      // The more there is to look through, the more rarely.
      if (this.#timer !== null) this.#startIn(LOOK_MS + members);
    }, ms);
  }

  async #look(generation: Generation): Promise<number> {
    const now = countWebSockets(await generation.ask('show table ws data.conn_cur gt 0'));
    const given = this.#given.get(generation) ?? new Map<string, number>();
    this.#given.set(generation, given);
    for (const id of given.keys()) if (!now.has(id)) now.set(id, 0);
    for (const [instanceId, count] of now) {
      if (given.get(instanceId) === count) continue;
      given.set(instanceId, count);
      if (count === 0) given.delete(instanceId);
      for (const backend of this.#options.backendsOf(instanceId)) {
        await generation.ask(`set maxconn server ${backend}/${instanceId} ${this.#options.limit + count}`);
      }
    }
    return now.size;
  }
}

/** Instance → WebSockets, from `show table`. */
export function countWebSockets(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, key, count] of text.matchAll(/\bkey=(\S+) .*\bconn_cur=(\d+)/g)) {
    if (key !== undefined) counts.set(key, Number(count));
  }
  return counts;
}
