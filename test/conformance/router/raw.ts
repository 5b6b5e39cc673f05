/** Raw bytes to a server and what comes back, for requests that no HTTP client would send. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Address } from '@teal/core';

/** Sends `bytes` (latin1) and returns all that comes until the other side closes or is silent for `quietMs`. */
export async function sendRaw(address: Address, bytes: string | string[], quietMs = 150): Promise<string> {
  const socket = connect(address);
  socket.on('error', () => {});
  let text = '';
  await once(socket, 'connect');
  const ended = new Promise<void>((resolve) => {
    let timer = setTimeout(resolve, 2_000);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(resolve, quietMs);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  for (const part of typeof bytes === 'string' ? [bytes] : bytes) socket.write(part, 'latin1');
  await ended;
  socket.destroy();
  return text;
}

/** Status codes of every answer in raw text. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]));
}

/**
 * An origin below HTTP: keeps every byte it gets, and answers each of the heads it sees with `answer`
 * (by default a 200 with a short body).
 */
export class ByteOrigin {
  /** All bytes of each connection, in order of their opening. */
  readonly connections: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(answer: (socket: Socket, head: string, nth: number) => void = plainAnswer) {
    this.#server = createServer((socket) => {
      const index = this.connections.push('') - 1;
      let unread = '';
      let nth = 0;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('data', (chunk) => {
        this.connections[index] += chunk.toString('latin1');
        unread += chunk.toString('latin1');
        for (let end = unread.indexOf('\r\n\r\n'); end >= 0; end = unread.indexOf('\r\n\r\n')) {
          const head = unread.slice(0, end + 4);
          unread = unread.slice(end + 4);
          nth += 1;
          answer(socket, head, nth);
        }
      });
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  get bytes(): string {
    return this.connections.join('');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function plainAnswer(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes');
}
