/** Requests over HTTP/2 and TLS on one connection at a time. Opens a new one once the server has said that this one ends. */
import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { nowMs } from './clock.ts';
import type { Trace } from './exchange.ts';

export interface SecureTarget {
  address: { host: string; port: number };
  /** The app's host name. */
  host: string;
  timeoutMs: number;
}

export class H2Line {
  readonly #target: SecureTarget;
  #session: ClientHttp2Session | null = null;
  #openedAt: number | null = null;
  #connectedAt: number | null = null;
  #used = false;

  constructor(target: SecureTarget) {
    this.#target = target;
  }

  /** The body of a 200 as text; rejects with what was wrong. */
  get(path: string, trace: Trace): Promise<string> {
    const session = this.#open(trace);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const stream = session.request({ ':path': path });
    const { timeoutMs } = this.#target;
    const timer = setTimeout(() => {
      reject(new Error(`no whole answer within ${timeoutMs} ms`));
      stream.close();
    }, timeoutMs);
    const chunks: Buffer[] = [];
    stream.once('response', (headers) => {
      trace.headAt = nowMs();
      trace.status = headers[':status'] ?? null;
      trace.headers = headers as Trace['headers'];
    });
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      trace.bodyBytes += chunk.length;
    });
    let ended = false;
    stream.once('end', () => {
      ended = true;
    });
    stream.on('error', reject);
    stream.once('close', () => {
      if (trace.status !== null && trace.status !== 200) {
        reject(new Error(`answered ${trace.status}: ${Buffer.concat(chunks).toString().slice(0, 200).trim()}`));
      } else if (ended && stream.rstCode === 0 && trace.status === 200) resolve(Buffer.concat(chunks).toString());
      else reject(new Error(`the stream closed after ${trace.bodyBytes} bytes with code ${stream.rstCode}`));
    });
    return promise.finally(() => {
      trace.connectedAt = this.#connectedAt;
      clearTimeout(timer);
    });
  }

  close(): void {
    this.#session?.close();
    this.#session = null;
  }

  #open(trace: Trace): ClientHttp2Session {
    trace.reused = this.#session !== null && this.#used;
    trace.connectedAt = this.#connectedAt;
    this.#used = true;
    if (this.#session !== null) {
      trace.openedAt = this.#openedAt;
      return this.#session;
    }
    const { address, host } = this.#target;
    this.#openedAt = nowMs();
    trace.openedAt = this.#openedAt;
    this.#connectedAt = null;
    const session = connect(`https://${host}:${address.port}`, {
      createConnection: () =>
        connectTls({ ...address, servername: host, ALPNProtocols: ['h2'], rejectUnauthorized: false }),
    });
    this.#session = session;
    const forget = () => {
      if (this.#session === session) this.#session = null;
    };
    session.once('connect', () => {
      if (this.#session === session) this.#connectedAt = nowMs();
    });
    session.once('goaway', forget);
    session.once('close', forget);
    session.on('error', forget);
    return session;
  }
}
