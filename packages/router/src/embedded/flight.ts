/** Counts what each instance has in flight and tells when it is nothing. Routes nothing. */

export interface Count {
  requests: number;
  webSockets: number;
}

/** How long a WebSocket that was told to close may take before it is cut. */
export const GOING_AWAY_MS = 1_000;

/** Ends the count of one request or WebSocket; further calls do nothing. */
export type Leave = () => void;

export interface DrainOptions {
  deadlineMs: number;
  webSocketDeadlineMs: number;
  signal: AbortSignal;
}

interface Load {
  requests: number;
  /** One function per WebSocket: closes it politely, and within a second in any case. */
  webSockets: Set<() => void>;
}

export class Flights {
  readonly #loads = new Map<string, Load>();
  readonly #watchers = new Set<() => void>();

  /** Counts one request from now until the returned function is called. */
  enterRequest(instanceId: string): Leave {
    const load = this.#load(instanceId);
    load.requests += 1;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      load.requests -= 1;
      this.#left(instanceId, load);
    };
  }

  /** Counts one WebSocket; `goAway` is called when a drain's deadline for WebSockets has come. */
  enterWebSocket(instanceId: string, goAway: () => void): Leave {
    const load = this.#load(instanceId);
    load.webSockets.add(goAway);
    return () => {
      if (load.webSockets.delete(goAway)) this.#left(instanceId, load);
    };
  }

  count(instanceIds: readonly string[]): Count {
    const count = { requests: 0, webSockets: 0 };
    for (const id of new Set(instanceIds)) {
      const load = this.#loads.get(id);
      if (load === undefined) continue;
      count.requests += load.requests;
      count.webSockets += load.webSockets.size;
    }
    return count;
  }

  /**
   * True once nothing is in flight. False when what is left is past its deadline (a slow request does not shorten the
   * time of the WebSockets beside it), after WebSockets had to be closed, or when `signal` aborts.
   */
  drained(instanceIds: readonly string[], { deadlineMs, webSocketDeadlineMs, signal }: DrainOptions): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      let requestsLate = false;
      let webSocketsLate = false;
      let cut = false;
      const settle = (drained: boolean) => {
        this.#watchers.delete(look);
        for (const timer of timers) clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        resolve(drained);
      };
      const look = () => {
        const { requests, webSockets } = this.count(instanceIds);
        if (requests === 0 && webSockets === 0) settle(!cut);
        else if ((requests === 0 || requestsLate) && (webSockets === 0 || webSocketsLate)) settle(false);
      };
      const abort = () => settle(false);
      const after = (ms: number, act: () => void) => timers.push(setTimeout(act, ms));
      const timers: NodeJS.Timeout[] = [];
      after(deadlineMs, () => {
        requestsLate = true;
        look();
      });
      after(webSocketDeadlineMs, () => {
        cut = this.closeWebSockets(instanceIds) || cut;
        after(GOING_AWAY_MS, () => {
          webSocketsLate = true;
          look();
        });
        look();
      });
      signal.addEventListener('abort', abort);
      this.#watchers.add(look);
      look();
    });
  }

  /** Closes every WebSocket of these instances, within {@link GOING_AWAY_MS}; true when there was one. */
  closeWebSockets(instanceIds: readonly string[]): boolean {
    const closers = instanceIds.flatMap((id) => [...(this.#loads.get(id)?.webSockets ?? [])]);
    for (const goAway of closers) goAway();
    return closers.length > 0;
  }

  /** Ids of every instance that has anything in flight. */
  instanceIds(): string[] {
    return [...this.#loads.keys()];
  }

  #load(instanceId: string): Load {
    let load = this.#loads.get(instanceId);
    if (load === undefined) {
      load = { requests: 0, webSockets: new Set() };
      this.#loads.set(instanceId, load);
    }
    return load;
  }

  #left(instanceId: string, load: Load): void {
    if (load.requests === 0 && load.webSockets.size === 0 && this.#loads.get(instanceId) === load) {
      this.#loads.delete(instanceId);
    }
    for (const look of this.#watchers) look();
  }
}
