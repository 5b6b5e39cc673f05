/** A stream of server-sent events that opens itself again whatever ended it. Knows nothing of what the events say. */
import type { Schema } from './client.ts';

export type StreamState = 'connecting' | 'open' | 'lost';

export interface StreamOptions {
  /** Asked for each time a stream is opened. */
  url(): string;
  /** Event name → what to do with its data. */
  events: Readonly<Record<string, (data: string) => void>>;
  onState(state: StreamState): void;
}

const REOPEN_FIRST_MS = 500;
const REOPEN_MAX_MS = 10_000;
/** A browser allows six connections per HTTP/1.1 host: a tab that nobody looks at gives its own back. */
const HIDDEN_CLOSE_MS = 15_000;

/**
 * Opens `url()`. The browser itself reconnects after a dropped connection (and says where it was); after an answer
 * that is no event stream it gives up, and a new stream is opened here: only its `url` can say where it was.
 * The caller closes it.
 */
export function openStream(options: StreamOptions): { close(): void } {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pauseMs = REOPEN_FIRST_MS;

  const drop = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  const open = () => {
    drop();
    const opened = new EventSource(options.url());
    source = opened;
    opened.onopen = () => {
      pauseMs = REOPEN_FIRST_MS;
      options.onState('open');
    };
    opened.onerror = () => {
      if (source !== opened) return;
      options.onState('lost');
      if (opened.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, pauseMs);
      pauseMs = Math.min(REOPEN_MAX_MS, pauseMs * 2);
    };
    for (const [name, take] of Object.entries(options.events)) {
      opened.addEventListener(name, (event) => take(String(event.data)));
    }
  };
  const onVisibility = () => {
    if (document.visibilityState === 'hidden') {
      clearTimeout(timer);
      timer = setTimeout(drop, HIDDEN_CLOSE_MS);
    } else if (source === null || source.readyState === EventSource.CLOSED) {
      options.onState('connecting');
      open();
    } else {
      clearTimeout(timer);
    }
  };
  const onOnline = () => {
    if (source?.readyState !== EventSource.OPEN) open();
  };

  document.addEventListener('visibilitychange', onVisibility);
  window.addEventListener('online', onOnline);
  options.onState('connecting');
  open();
  return {
    close() {
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('online', onOnline);
      drop();
    },
  };
}

/** An event's data as `schema` says it; null for what cannot be read, which a stream must survive. */
export function parseEvent<T>(data: string, schema: Schema<T>): T | null {
  try {
    const parsed = schema.safeParse(JSON.parse(data));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
