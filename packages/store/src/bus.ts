/** Hands out the database's notifications; after a lost connection it says `resync`. */
import type { Bus, StoreEvent } from '@teal/deployer';
import pg from 'pg';
import { clientConfig, type DatabaseOptions, limitsOf } from './database.ts';
import { channelOf } from './notify.ts';

const RECONNECT_MS = 200;

export interface OpenBus extends Bus {
  close(): Promise<void>;
}

/** Resolves once it listens. */
export async function openBus(options: DatabaseOptions): Promise<OpenBus> {
  const listeners = new Set<(event: StoreEvent) => void>();
  let client: pg.Client | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  let connecting = Promise.resolve();

  const emit = (event: StoreEvent) => {
    for (const listener of [...listeners]) listener(event);
  };

  async function connect(): Promise<void> {
    const next = new pg.Client(clientConfig(options));
    next.on('notification', (message) => emit(JSON.parse(message.payload ?? '{}') as StoreEvent));
    next.on('error', () => {});
    next.on('end', () => {
      if (!closed && client === next) reconnectLater();
    });
    try {
      await next.connect();
      await next.query(`listen ${pg.escapeIdentifier(channelOf(options.schema))}`);
    } catch (error) {
      void next.end().catch(() => {});
      throw error;
    }
    client = next;
  }

  function reconnectLater(): void {
    timer = setTimeout(() => {
      connecting = connect().then(
        () => emit({ kind: 'resync' }),
        () => {
          if (!closed) reconnectLater();
        },
      );
    }, RECONNECT_MS);
  }

  await connect();
  // A server that does not move closes nothing: silence on this connection would look like quiet.
  let pinging = false;
  const ping = async () => {
    if (pinging || client === null) return;
    pinging = true;
    const asked = client;
    await asked.query('select 1').catch(() => asked.end().catch(() => {}));
    pinging = false;
  };
  const pings = setInterval(ping, limitsOf(options).pingMs);
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      clearInterval(pings);
      if (timer !== null) clearTimeout(timer);
      await connecting;
      await client?.end().catch(() => {});
    },
  };
}
