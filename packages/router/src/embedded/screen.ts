/** Reads a request as one clear interpretation, or says with which status it is refused. Forwards nothing. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { normaliseHost } from '../host.ts';
import { type RequestHeaders, readRequestHeaders } from './headers.ts';
import { clientHostOf, isSecure } from './passage.ts';
import { readTarget } from './target.ts';

export interface Inquiry {
  method: string;
  /** The app is looked up by this: lower case, no port. */
  host: string;
  path: string;
  /** Raw pairs, complete but for Connection. */
  headers: string[];
  hasBody: boolean;
  /** The app may answer before it has got the whole body. */
  hasLongBody: boolean;
  /** Without a body and safe: may be sent a second time when the first brought no byte of an answer. */
  replayable: boolean;
  /** What the client gave as proof; not checked here. */
  proof: string | null;
}

export interface Refusal {
  status: number;
  reason: string;
  /** Whose app was asked, where that is clear. */
  host: string | null;
}

export type Screening = { ok: true; inquiry: Inquiry } | { ok: false; refusal: Refusal };

/** Longer than this may not fit into the socket buffers on the way. */
const LONG_BODY_BYTES = 16 * 1024;
const METHODS_REPLAYABLE = new Set(['GET', 'HEAD', 'OPTIONS']);
const METHODS_WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

function refuse(status: number, reason: string, host: string | null = null): Screening {
  return { ok: false, refusal: { status, reason, host } };
}

/** True for the one upgrade that is forwarded. */
export function isWebSocket(request: IncomingMessage): boolean {
  return (
    request.method === 'GET' &&
    request.httpVersionMinor === 1 &&
    request.headers.upgrade?.toLowerCase() === 'websocket' &&
    /(^|,)\s*upgrade\s*(,|$)/i.test(request.headers.connection ?? '')
  );
}

export function screen(request: IncomingMessage): Screening {
  const method = request.method ?? '';
  const read = readRequestHeaders(request.rawHeaders);
  if (read === null) return refuse(400, 'The Connection header names a field that it must not.');
  if (read.hosts.length !== 1) return refuse(400, 'A request needs exactly one Host header.');
  const host = normaliseHost(read.hosts[0] ?? '');
  if (host === null) return refuse(400, 'The Host header is not valid.');
  if (method === 'TRACE') return refuse(405, 'This method is not served.', host);
  const path = readTarget(method, request.url ?? '', host);
  if (path === null) return refuse(400, 'The address in the request line is not valid, or not the one in Host.', host);
  const framing = readFraming(request, read);
  if (framing === null) return refuse(400, 'The length of the body is not clear.', host);
  const headers = [...read.passed, ...framing, ...ownHeaders(request, read.hosts[0] ?? '')];
  const hasBody = read.transferEncoding !== null || Number(read.contentLength ?? 0) > 0;
  const hasLongBody = read.transferEncoding !== null || Number(read.contentLength ?? 0) > LONG_BODY_BYTES;
  const replayable = !hasBody && METHODS_REPLAYABLE.has(method);
  return { ok: true, inquiry: { method, host, path, headers, hasBody, hasLongBody, replayable, proof: read.proof } };
}

/** The framing field to send on; null where Content-Length and Transfer-Encoding leave two readings. */
function readFraming(request: IncomingMessage, read: RequestHeaders): string[] | null {
  if (read.transferEncoding !== null) {
    const clear =
      read.transferEncoding.toLowerCase() === 'chunked' &&
      read.contentLength === null &&
      request.httpVersionMinor === 1;
    return clear ? ['Transfer-Encoding', 'chunked'] : null;
  }
  if (read.contentLength !== null) {
    // Written anew: the next server may read leading zeros in its own way.
    return /^[0-9]{1,15}$/.test(read.contentLength) ? ['Content-Length', String(Number(read.contentLength))] : null;
  }
  return METHODS_WITH_BODY.has(request.method ?? '') ? ['Content-Length', '0'] : [];
}

/** What the router says of the request; the client's own words on it are gone by now. */
function ownHeaders(request: IncomingMessage, host: string): string[] {
  return [
    'Host',
    host,
    'X-Forwarded-For',
    clientHostOf(request),
    'X-Forwarded-Proto',
    isSecure(request) ? 'https' : 'http',
    'X-Forwarded-Host',
    host,
    'X-Forwarded-Port',
    String(request.socket.localPort ?? 0),
    'X-Request-Id',
    randomUUID(),
  ];
}
