/** Mixed traffic of every kind at once, on several connections each, never a second time. Judges nothing: hands on records. */
import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from './clock.ts';
import { Conversation, type Target } from './conversation.ts';
import { newTrace } from './exchange.ts';
import { Permits } from './permits.ts';
import { KINDS, type Kind, QUICK, type RequestRecord } from './record.ts';

export interface TrafficOptions {
  address: Target['address'];
  secureAddress?: Target['secureAddress'];
  host: string;
  /** Default: all, `h2` only with a `secureAddress`. */
  kinds?: readonly Kind[];
  /** Of each kind. Default 8. */
  connections?: number;
  /** Of the quick kinds together; each gets the same share. Default 800. */
  ratePerSecond?: number;
  /** A request that takes longer has failed. Default 60,000. */
  timeoutMs?: number;
  /** Default 4 MiB. */
  uploadBytes?: number;
  uploadMs?: number;
  eventsMs?: number;
  webSocketMs?: number;
}

/** A connection's rest after an upload: the bytes would take the machine otherwise. */
const UPLOAD_REST_MS = 1_600;
/** Nobody tries again at once where nobody listens. */
const FAILED_REST_MS = 50;

const WITH_ID: readonly Kind[] = ['post', 'upload'];

export class Traffic {
  /** WebSockets that the other side closed in good order before their time. */
  wentAway = 0;
  readonly #target: Target;
  readonly #take: (record: RequestRecord) => void;
  readonly #lines: Promise<void>[] = [];
  readonly #permits = new Map<Kind, Permits>();
  #stopped = false;
  #ids = 0;

  /** Starts at once. */
  constructor(options: TrafficOptions, take: (record: RequestRecord) => void) {
    const { connections = 8, ratePerSecond = 800, secureAddress = null } = options;
    this.#take = take;
    this.#target = {
      address: options.address,
      secureAddress,
      host: options.host,
      timeoutMs: options.timeoutMs ?? 60_000,
      uploadBytes: options.uploadBytes ?? 4 * 1024 * 1024,
      uploadMs: options.uploadMs ?? 400,
      eventsMs: options.eventsMs ?? 3_000,
      webSocketMs: options.webSocketMs ?? 4_000,
    };
    const kinds = (options.kinds ?? KINDS).filter((kind) => kind !== 'h2' || secureAddress !== null);
    const quick = kinds.filter((kind) => QUICK.includes(kind));
    for (const kind of quick) this.#permits.set(kind, new Permits(ratePerSecond / quick.length));
    for (const kind of kinds) {
      for (let line = 1; line <= connections; line += 1) this.#lines.push(this.#run(kind, line));
    }
  }

  /** Begins no new request and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const permits of this.#permits.values()) permits.close();
    await Promise.all(this.#lines);
  }

  async #run(kind: Kind, line: number): Promise<void> {
    const conversation = new Conversation(kind, this.#target);
    while (!this.#stopped) {
      await this.#permits.get(kind)?.take();
      if (this.#stopped) break;
      const record = await this.#speak(conversation, kind, line);
      this.#take(record);
      if (record.failure !== null) await pause(FAILED_REST_MS);
      else if (kind === 'upload' && !this.#stopped) await pause(UPLOAD_REST_MS);
    }
    conversation.close();
  }

  async #speak(conversation: Conversation, kind: Kind, line: number): Promise<RequestRecord> {
    const id = WITH_ID.includes(kind) ? this.#nextId() : null;
    const trace = newTrace();
    let version: string | null = null;
    let failure: string | null = null;
    try {
      const said = await conversation.speak(trace, id);
      version = said.version;
      if (said.wentAway) this.wentAway += 1;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const { startedAt, openedAt, connectedAt, reused, headAt, status, bodyBytes, headers } = trace;
    const instance = typeof headers['x-instance'] === 'string' ? headers['x-instance'] : null;
    const known = { kind, line, id, startedAt, openedAt, connectedAt, reused, headAt, status, bodyBytes, instance };
    return { ...known, version, failure, endedAt: nowMs() };
  }

  #nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }
}
