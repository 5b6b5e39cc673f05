/** Decides header by header what crosses the router, in both directions. Opens no connection. */
import { PROOF_ANSWER_HEADER, PROOF_REQUEST_HEADER } from '@teal/deployer';

/** Fields that belong to one connection (RFC 9110 §7.6.1); the router writes its own. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);
/** Fields that only the router may say, or that have tricked servers behind a proxy. */
const OURS = new Set(['forwarded', 'x-real-ip', 'x-request-id', 'proxy', PROOF_REQUEST_HEADER, PROOF_ANSWER_HEADER]);
/** Fields that a Connection header must not name: stripping them would change what the request means. */
const NOT_HOP_BY_HOP =
  /^(x-.*|teal-.*|forwarded|host|cookie|authorization|content-.*|transfer-encoding|trailer|expect|range|if-.*)$/;
/** Fields that mean something before a body only. */
const NO_TRAILER = /^(host|content-.*|transfer-encoding|trailer|cookie|set-cookie|authorization|expect|range|if-.*)$/;
/** Values that Node agrees to send; others would throw in the middle of a body. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const NOTHING: ReadonlySet<string> = new Set();

export interface RequestHeaders {
  /** Name, value, name, value …: what is sent on, without framing and without the router's own fields. */
  passed: string[];
  /** Values of every Host field. */
  hosts: string[];
  contentLength: string | null;
  transferEncoding: string | null;
  /** True when Connection names `upgrade`. */
  wantsUpgrade: boolean;
  upgrade: string | null;
  proof: string | null;
}

function isOurs(name: string): boolean {
  return OURS.has(name) || name.startsWith('x-forwarded-') || name.includes('_');
}

/** Names listed in Connection fields, in lower case; null when one is malformed or may not be named. */
function connectionNames(raw: readonly string[]): ReadonlySet<string> | null {
  let names: Set<string> | null = null;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    names ??= new Set();
    for (const part of (raw[i + 1] ?? '').toLowerCase().split(',')) {
      const token = part.trim();
      if (token === '') continue;
      if (!TOKEN.test(token) || NOT_HOP_BY_HOP.test(token)) return null;
      names.add(token);
    }
  }
  return names ?? NOTHING;
}

/** Sorts a request's raw headers; null when its Connection header has no safe reading. */
export function readRequestHeaders(raw: readonly string[]): RequestHeaders | null {
  const named = connectionNames(raw);
  if (named === null) return null;
  const read: RequestHeaders = {
    passed: [],
    hosts: [],
    contentLength: null,
    transferEncoding: null,
    wantsUpgrade: named.has('upgrade'),
    upgrade: null,
    proof: null,
  };
  for (let i = 0; i < raw.length; i += 2) {
    const rawName = raw[i] ?? '';
    const name = rawName.toLowerCase();
    const value = raw[i + 1] ?? '';
    if (name === 'host') read.hosts.push(value);
    else if (name === 'content-length') read.contentLength = value;
    else if (name === 'transfer-encoding') read.transferEncoding = joined(read.transferEncoding, value);
    else if (name === 'upgrade') read.upgrade = joined(read.upgrade, value);
    else if (name === PROOF_REQUEST_HEADER) read.proof = value;
    // 100-continue is written again by whoever forwards; other expectations were answered 417.
    else if (name === 'expect' || isOurs(name) || HOP_BY_HOP.has(name) || named.has(name)) continue;
    else read.passed.push(rawName, value);
  }
  return read;
}

function joined(earlier: string | null, value: string): string {
  return earlier === null ? value : `${earlier}, ${value}`;
}

/** The answer's headers as the client gets them; `deploymentId` is added for a proof request only. */
export function answerHeaders(raw: readonly string[], deploymentId: string | null): string[] {
  const named = answerConnectionNames(raw);
  const passed: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const rawName = raw[i] ?? '';
    const name = rawName.toLowerCase();
    if (HOP_BY_HOP.has(name) || name === PROOF_ANSWER_HEADER || named.has(name)) continue;
    passed.push(rawName, raw[i + 1] ?? '');
  }
  if (deploymentId !== null) passed.push(PROOF_ANSWER_HEADER, deploymentId);
  return passed;
}

/** What an app's Connection header names; framing and cookies stay, whatever it says. */
function answerConnectionNames(raw: readonly string[]): ReadonlySet<string> {
  let names: Set<string> | null = null;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    for (const part of (raw[i + 1] ?? '').toLowerCase().split(',')) {
      const token = part.trim();
      if (token === 'keep-alive' || token === 'close' || token === 'set-cookie' || token.startsWith('content-'))
        continue;
      names ??= new Set();
      names.add(token);
    }
  }
  return names ?? NOTHING;
}

/** Trailers that may follow a body, as pairs: nothing that a header would not have been allowed to say. */
export function passedTrailers(raw: readonly string[]): [string, string][] {
  const passed: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    if (isOurs(name) || HOP_BY_HOP.has(name) || NO_TRAILER.test(name)) continue;
    const value = raw[i + 1] ?? '';
    if (SENDABLE.test(value)) passed.push([raw[i] ?? '', value]);
  }
  return passed;
}
