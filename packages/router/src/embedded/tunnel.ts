/** The two joined connections of one WebSocket: bytes both ways, and a polite end. Knows no handshake. */
import type { Socket } from 'node:net';
import { GOING_AWAY_MS, type Leave } from './flight.ts';
import { CLOSE_GOING_AWAY, FrameCursor } from './frames.ts';

/** After one side has ended, the other may stay silent this long. */
const HALF_CLOSED_MS = 10_000;

export interface Moved {
  /** So many bytes came from the client. */
  in(bytes: number): void;
  /** So many go to it. */
  out(bytes: number): void;
}

export class Tunnel {
  readonly #client: Socket;
  readonly #moved: Moved;
  readonly #toClient = new FrameCursor();
  #member: Socket | null = null;

  constructor(client: Socket, moved: Moved) {
    this.#client = client;
    this.#moved = moved;
  }

  join(member: Socket, memberHead: Buffer, clientHead: Buffer, leave: Leave): void {
    const client = this.#client;
    this.#member = member;
    member.on('error', () => member.destroy());
    member.setTimeout(0);
    for (const socket of [client, member]) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      socket.once('end', () => this.#halfClosed());
      socket.once('close', () => {
        this.#halfClosed();
        client.destroySoon();
        member.destroySoon();
        if (client.closed && member.closed) leave();
      });
    }
    member.on('data', (chunk: Buffer) => {
      this.#toClient.push(chunk);
      this.#moved.out(chunk.length);
    });
    client.on('data', (chunk: Buffer) => this.#moved.in(chunk.length));
    if (memberHead.length > 0) member.unshift(memberHead);
    if (clientHead.length > 0) client.unshift(clientHead);
    member.pipe(client);
    client.pipe(member);
    if (client.destroyed) member.destroy();
  }

  #halfClosed(): void {
    for (const socket of [this.#client, this.#member]) {
      socket?.setTimeout(HALF_CLOSED_MS, () => socket.destroy());
    }
  }

  /** Says 1001 to the client where a frame may be put in, and cuts both sides soon after. */
  goAway(): void {
    const [client, member] = [this.#client, this.#member];
    if (member === null) {
      client.destroy();
      return;
    }
    member.unpipe(client);
    client.unpipe(member);
    member.end();
    // What still comes is read to nowhere, so that neither side resets the other before it has read its last bytes.
    member.resume();
    client.resume();
    if (this.#toClient.atBoundary) client.end(CLOSE_GOING_AWAY);
    else client.destroy();
    const timer = setTimeout(() => {
      client.destroy();
      member.destroy();
    }, GOING_AWAY_MS / 2);
    client.once('close', () => clearTimeout(timer));
  }
}
