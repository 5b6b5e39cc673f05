/** One WebSocket session on a raw connection: handshake, echoes, close. Judges nothing but that echoes are what was sent. */
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { nowMs } from './clock.ts';
import type { Trace } from './exchange.ts';

export interface Session {
  address: { host: string; port: number };
  host: string;
  path: string;
  /** What is sent, again and again; fewer than 126 bytes. */
  text: string;
  messages: number;
  /** Between an echo and the next message. Default 0. */
  pauseMs?: number;
  timeoutMs: number;
}

export interface SessionEnd {
  version: string;
  echoes: number;
  /** The other side closed the session in good order before all messages were sent: the code that it gave. */
  closedWith: number | null;
}

const CLOSE = 0x88;
const TEXT = 0x81;

/** Resolves after all echoes, or when the other side has said it closes; rejects with what was wrong. */
export function runSession(session: Session, trace: Trace): Promise<SessionEnd> {
  const { promise, resolve, reject } = Promise.withResolvers<SessionEnd>();
  trace.openedAt = nowMs();
  const socket = connect(session.address);
  const { timeoutMs } = session;
  const timer = setTimeout(
    () => reject(new Error(`no whole answer within ${timeoutMs} ms: ${echoes.state}`)),
    timeoutMs,
  );
  socket.once('connect', () => {
    trace.connectedAt = nowMs();
  });
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET ${session.path} HTTP/1.1\r\nHost: ${session.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  const echoes = new Echoes(session, { socket, trace, key }, resolve, reject);
  echoes.follow();
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

class Echoes {
  readonly #session: Session;
  readonly #socket: Socket;
  readonly #trace: Trace;
  readonly #key: string;
  readonly #done: (end: SessionEnd) => void;
  readonly #fail: (error: Error) => void;
  #seen: Buffer = Buffer.alloc(0);
  #version: string | null = null;
  #echoes = 0;

  constructor(
    session: Session,
    { socket, trace, key }: { socket: Socket; trace: Trace; key: string },
    done: (end: SessionEnd) => void,
    fail: (error: Error) => void,
  ) {
    this.#session = session;
    this.#socket = socket;
    this.#trace = trace;
    this.#key = key;
    this.#done = done;
    this.#fail = fail;
  }

  /** For who wonders where it stands still. */
  get state(): string {
    if (this.#version !== null) return `${this.#version} has sent ${this.#echoes} echoes`;
    return this.#trace.connectedAt === null ? 'not connected' : 'connected, and the handshake is not answered';
  }

  follow(): void {
    this.#socket.on('error', this.#fail);
    this.#socket.once('close', () => this.#fail(new Error(`the WebSocket closed after ${this.#echoes} echoes`)));
    this.#socket.on('data', (chunk) => {
      this.#seen = Buffer.concat([this.#seen, chunk]);
      if (this.#version === null) this.#readHead();
      if (this.#version !== null) this.#readFrames(this.#version);
    });
  }

  #send(): void {
    if (!this.#socket.destroyed) this.#socket.write(frame(TEXT, Buffer.from(this.#session.text)));
  }

  #readHead(): void {
    const end = this.#seen.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#seen.subarray(0, end).toString('latin1');
    this.#seen = this.#seen.subarray(end + 4);
    this.#trace.headAt = nowMs();
    this.#trace.status = Number(head.slice(9, 12));
    this.#trace.headers = headersOf(head);
    const accept = createHash('sha1').update(`${this.#key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const version = this.#trace.headers['x-version'];
    if (this.#trace.status !== 101) this.#fail(new Error(`the handshake was answered ${this.#trace.status}`));
    else if (!head.includes(accept)) this.#fail(new Error('the handshake was answered with a wrong key'));
    else if (typeof version !== 'string') this.#fail(new Error('the answer names no version'));
    else {
      this.#version = version;
      this.#send();
    }
  }

  #readFrames(version: string): void {
    const { text, messages, pauseMs = 0 } = this.#session;
    while (this.#seen.length >= 2 && this.#seen.length >= 2 + (this.#seen[1] ?? 0)) {
      const payload = this.#seen.subarray(2, 2 + (this.#seen[1] ?? 0));
      const opcode = this.#seen[0];
      this.#seen = this.#seen.subarray(2 + payload.length);
      if (opcode === CLOSE) {
        const closedWith = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        this.#socket.end(frame(CLOSE, payload));
        this.#done({ version, echoes: this.#echoes, closedWith });
        return;
      }
      if (opcode !== TEXT || payload.toString() !== text) {
        this.#fail(new Error('the WebSocket did not echo what was sent'));
        return;
      }
      this.#echoes += 1;
      this.#trace.bodyBytes += payload.length;
      if (this.#echoes === messages) this.#done({ version, echoes: this.#echoes, closedWith: null });
      else if (pauseMs === 0) this.#send();
      else setTimeout(() => this.#send(), pauseMs);
    }
  }
}

function headersOf(head: string): Record<string, string> {
  const lines = head.split('\r\n').slice(1);
  const pairs = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const);
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value.trim()]));
}

/** A masked frame of fewer than 126 bytes. */
function frame(opcode: number, content: Buffer): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(content).map((byte, i) => byte ^ (mask[i % 4] ?? 0));
  return Buffer.concat([Buffer.from([opcode, 0x80 | payload.length]), mask, payload]);
}
