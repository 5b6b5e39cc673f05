/** An origin that reads HTTP/1.1 to the letter and keeps each request it saw; whatever is not to the letter is a fault. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Address } from '@teal/core';

/** One request as it arrived, latin1. */
export interface Arrived {
  method: string;
  target: string;
  /** Names in lower case, values byte for byte, in order. */
  headers: [name: string, value: string][];
  body: string;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.1$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/;
const CHUNK_SIZE = /^[0-9a-fA-F]{1,15}$/;

class Fault extends Error {}
/** More bytes are needed. */
const MORE = Symbol('more');

function readFields(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const match = FIELD.exec(line);
    if (match === null) throw new Fault(`not a header line: ${JSON.stringify(line)}`);
    return [(match[1] ?? '').toLowerCase(), match[2] ?? ''];
  });
}

/** The lines up to an empty one from `at`, and where the rest begins. Only CR LF ends a line. */
function readLines(bytes: string, at: number): { lines: string[]; next: number } | typeof MORE {
  const lines: string[] = [];
  for (let from = at; ; ) {
    const end = bytes.indexOf('\r\n', from);
    if (end === -1) return MORE;
    if (end === from) return { lines, next: end + 2 };
    lines.push(bytes.slice(from, end));
    from = end + 2;
  }
}

function readChunks(bytes: string, at: number): { body: string; next: number } | typeof MORE {
  let body = '';
  for (let from = at; ; ) {
    const end = bytes.indexOf('\r\n', from);
    if (end === -1) return MORE;
    const size = bytes.slice(from, end);
    if (!CHUNK_SIZE.test(size)) throw new Fault(`not a chunk size: ${JSON.stringify(size)}`);
    const length = Number.parseInt(size, 16);
    if (length === 0) {
      const trailers = readLines(bytes, end + 2);
      if (trailers === MORE) return MORE;
      // Whatever their names, they are no headers: RFC 9110 §6.5.1 forbids an app to take them for such.
      readFields(trailers.lines);
      return { body, next: trailers.next };
    }
    const data = end + 2;
    if (bytes.length < data + length + 2) return MORE;
    if (bytes.slice(data + length, data + length + 2) !== '\r\n') throw new Fault('a chunk does not end with its size');
    body += bytes.slice(data, data + length);
    from = data + length + 2;
  }
}

function readBody(headers: Arrived['headers'], bytes: string, at: number): ReturnType<typeof readChunks> {
  const values = (wanted: string) => headers.filter(([name]) => name === wanted).map(([, value]) => value);
  const [lengths, codings] = [values('content-length'), values('transfer-encoding')];
  if (lengths.length + codings.length > 1) throw new Fault('more than one framing of the body');
  if (codings.length === 1) {
    if (codings[0]?.toLowerCase() !== 'chunked') throw new Fault(`Transfer-Encoding: ${codings[0]}`);
    return readChunks(bytes, at);
  }
  if (lengths.length === 1 && !/^(0|[1-9][0-9]{0,14})$/.test(lengths[0] ?? '')) {
    throw new Fault(`Content-Length: ${lengths[0]}`);
  }
  const length = Number(lengths[0] ?? 0);
  return bytes.length < at + length ? MORE : { body: bytes.slice(at, at + length), next: at + length };
}

function readRequest(bytes: string): { request: Arrived; rest: string } | typeof MORE {
  const head = readLines(bytes, 0);
  if (head === MORE) return MORE;
  const [first = '', ...fields] = head.lines;
  const match = REQUEST_LINE.exec(first);
  if (match === null) throw new Fault(`not a request line: ${JSON.stringify(first)}`);
  const headers = readFields(fields);
  const body = readBody(headers, bytes, head.next);
  if (body === MORE) return MORE;
  const request = { method: match[1] ?? '', target: match[2] ?? '', headers, body: body.body };
  return { request, rest: bytes.slice(body.next) };
}

export class StrictOrigin {
  /** Whole requests, over all connections. */
  readonly requests: Arrived[] = [];
  /** What was not HTTP to the letter. */
  readonly faults: string[] = [];
  /** Every byte, whole request or not. */
  bytes = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  forget(): void {
    this.requests.length = 0;
    this.faults.length = 0;
    this.bytes = 0;
  }

  #serve(socket: Socket): void {
    let unread = '';
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      this.bytes += chunk.length;
      unread += chunk.toString('latin1');
      try {
        unread = this.#take(unread, socket);
      } catch (error) {
        this.faults.push((error as Error).message);
        socket.destroy();
      }
    });
  }

  #take(bytes: string, socket: Socket): string {
    for (let unread = bytes; ; ) {
      const read = unread === '' ? MORE : readRequest(unread);
      if (read === MORE) return unread;
      this.requests.push(read.request);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${this.#name.length}\r\n\r\n${this.#name}`);
      unread = read.rest;
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
