/** Serves the requests of one client connection strictly one after the other. Knows nothing of their content. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Pipelined requests that may wait; nobody but an attacker has more. */
const MAX_WAITING = 256;

/**
 * After an answer that ends the connection, what follows on it is nobody's request (RFC 9112 §9.6): after a refusal it may
 * be what an attacker has hidden in the request that was refused.
 */
function isEnding(socket: Socket): boolean {
  return socket.destroyed || socket.writableEnded;
}

interface Lane {
  /** The answer being made; null when the connection is idle. */
  current: ServerResponse | null;
  waiting: { response: ServerResponse; start: () => void }[];
}

export class Lanes {
  readonly #lanes = new WeakMap<Socket, Lane>();

  /** Calls `start` once every earlier answer on this connection has ended; never when the connection is gone by then. */
  run(socket: Socket, response: ServerResponse, start: () => void): void {
    if (isEnding(socket)) return;
    let lane = this.#lanes.get(socket);
    if (lane === undefined) {
      lane = { current: null, waiting: [] };
      this.#lanes.set(socket, lane);
    }
    if (lane.current === null) this.#begin(socket, lane, response, start);
    else if (lane.waiting.length < MAX_WAITING) lane.waiting.push({ response, start });
    else socket.destroy();
  }

  /** The answer being made on this connection. */
  current(socket: Socket): ServerResponse | null {
    return this.#lanes.get(socket)?.current ?? null;
  }

  #begin(socket: Socket, lane: Lane, response: ServerResponse, start: () => void): void {
    lane.current = response;
    response.once('close', () => {
      lane.current = null;
      const next = lane.waiting.shift();
      if (next !== undefined && !isEnding(socket)) this.#begin(socket, lane, next.response, next.start);
    });
    start();
  }
}
