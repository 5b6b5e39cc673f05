/** One member: its connections (idle ones are for safe requests only), its places, and whether it is down. Chooses nothing. */
import { Agent, type ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Address } from '@teal/core';
import type { Member } from '@teal/deployer';

/** Node apps close idle connections after 5 s by default: ours go first, so that few are stale. */
const IDLE_MS = 4_000;
const MAX_IDLE = 64;

class MemberAgent extends Agent {
  retired = false;

  constructor() {
    super({ keepAlive: true, maxFreeSockets: MAX_IDLE, scheduling: 'lifo' });
  }

  /** False closes the connection (the types of Node say void here). */
  override keepSocketAlive(socket: Socket): boolean {
    const keep = super.keepSocketAlive(socket) as unknown as boolean;
    if (this.retired || !keep) return false;
    // Less where the app's Keep-Alive header said so.
    socket.setTimeout(Math.min(socket.timeout || IDLE_MS, IDLE_MS));
    return true;
  }

  override reuseSocket(socket: Socket, request: ClientRequest): void {
    socket.setTimeout(0);
    super.reuseSocket(socket, request);
  }
}

/**
 * For requests that must not be sent twice: a connection that nobody used before. The app is asked to close it, so that
 * waiting ports (TIME_WAIT) pile up on its side, where they hinder nobody.
 */
export const freshAgent = new Agent({ keepAlive: false });

class UploadAgent extends Agent {
  override keepSocketAlive(): boolean {
    return false;
  }
}

/** As {@link freshAgent}, for long bodies: an app asked to close would reset the connection after an early answer. */
export const uploadAgent = new UploadAgent({ keepAlive: true });

export class Upstream {
  readonly instanceId: string;
  readonly address: Address;
  readonly agent: MemberAgent = new MemberAgent();
  /** Requests that it has at the moment. */
  #taken = 0;
  #downUntil = 0;

  constructor(member: Member) {
    this.instanceId = member.instanceId;
    this.address = { ...member.address };
  }

  is(member: Member): boolean {
    return (
      this.instanceId === member.instanceId &&
      this.address.host === member.address.host &&
      this.address.port === member.address.port
    );
  }

  hasPlace(max: number): boolean {
    return this.#taken < max;
  }

  /** Takes a place until the returned function is called. One request at a time tries a member that was down. */
  take(downMs: number): () => void {
    this.#taken += 1;
    if (this.#downUntil > 0) this.missed(downMs);
    return () => {
      this.#taken -= 1;
    };
  }

  get isDown(): boolean {
    return this.#downUntil > 0 && performance.now() < this.#downUntil;
  }

  /** It could not be connected to. */
  missed(downMs: number): void {
    this.#downUntil = performance.now() + downMs;
  }

  /** A connection stands. */
  reached(): void {
    this.#downUntil = 0;
  }

  /** Closes idle connections now and busy ones after their request. */
  retire(): void {
    this.agent.retired = true;
    for (const sockets of Object.values(this.agent.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  }
}
