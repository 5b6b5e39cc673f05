/** Notes of one request what figures and access log want to know, and tells it once when the request is over. */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { AccessEntry, Colour } from '@teal/core';

/** What a request gets that left before its answer began. */
const CLIENT_GONE = 499;

export class Passage {
  bytesIn: number;
  bytesOut = 0;
  readonly #request: IncomingMessage;
  readonly #appId: string | null;
  readonly #at = new Date();
  readonly #beganAt = performance.now();
  readonly #clientHost: string;
  #member: { colour: Colour; instanceId: string } | null = null;
  #status: number | null = null;

  /** `appId` null: nothing is told of it, as of the platform's proofs and of hosts that nobody owns. */
  constructor(request: IncomingMessage, appId: string | null) {
    this.#request = request;
    this.#appId = appId;
    this.#clientHost = clientHostOf(request);
    this.bytesIn = headBytes(request.rawHeaders) + (request.method?.length ?? 0) + (request.url?.length ?? 0);
  }

  /** A member of this pool has the request now. */
  given(colour: Colour, instanceId: string): void {
    this.#member = { colour, instanceId };
  }

  /** The member's answer begins with these raw headers. */
  answered(status: number, headers: readonly string[]): void {
    this.#status = status;
    this.bytesOut += headBytes(headers);
  }

  /** The router itself answered. */
  answeredHere(status: number, bytes: number): void {
    this.#member = null;
    this.#status = status;
    this.bytesOut += bytes;
  }

  /** What is known by now. */
  entry(): AccessEntry | null {
    if (this.#appId === null) return null;
    const { rawHeaders, method = '', url = '' } = this.#request;
    const hostAt = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
    return {
      at: this.#at,
      appId: this.#appId,
      colour: this.#member?.colour ?? null,
      instanceId: this.#member?.instanceId ?? null,
      clientHost: this.#clientHost,
      protocol: isSecure(this.#request) ? 'https' : 'http',
      host: rawHeaders[hostAt + 1] ?? '',
      method,
      path: url,
      status: this.#status ?? CLIENT_GONE,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      durationMs: performance.now() - this.#beganAt,
    };
  }
}

/** Bytes of headers given as name, value, name, value …, with what stands around them. */
export function headBytes(raw: readonly string[]): number {
  let bytes = 16;
  for (const part of raw) bytes += part.length + 2;
  return bytes;
}

export function isSecure({ socket }: IncomingMessage): boolean {
  return (socket as TLSSocket).encrypted === true;
}

/** The client's address; an IPv4 one in its own form. */
export function clientHostOf({ socket: { remoteAddress = '' } }: IncomingMessage): string {
  return remoteAddress.startsWith('::ffff:') ? remoteAddress.slice(7) : remoteAddress;
}
