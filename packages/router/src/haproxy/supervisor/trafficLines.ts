/** Reads HAProxy's log, one line per answered request, into access entries. Keeps nothing. */
import type { AccessEntry } from '@teal/core';
import { lineReader } from '../protocol.ts';
import { colourOf } from '../stateValue.ts';

/** What a request gets that left before its answer began. */
const CLIENT_GONE = 499;
/** HAProxy gave up before an answer began, for any other reason than that the client left. */
const OWN_ANSWER = /^[^-Cc][CHQ]/;

/** Takes HAProxy's output; calls `record` for each request of an app. Other lines are HAProxy's own news. */
export function trafficReader(record: (entry: AccessEntry) => void): (chunk: Buffer) => void {
  return lineReader((line) => {
    const entry = line.startsWith('T\t') ? readEntry(line) : null;
    if (entry !== null) record(entry);
  });
}

/** Null for requests to nobody's host, and for lines that were cut. */
export function readEntry(line: string): AccessEntry | null {
  const fields = line.split('\t');
  if (fields.length !== 15) return null;
  const [
    ,
    endedAt,
    client = '',
    appId,
    backend = '',
    server,
    status,
    termination = '',
    bytesIn,
    bytesOut,
    activeMs,
    frontend = '',
    host,
    method,
    uri,
  ] = fields;
  if (appId === undefined || appId === '-' || appId === '') return null;
  const durationMs = Math.max(0, Number(activeMs));
  const colour = server === '<NOSRV>' || OWN_ANSWER.test(termination) ? null : colourOf(backend);
  return {
    at: new Date(Number(endedAt) - durationMs),
    appId,
    colour,
    instanceId: colour === null ? null : (server ?? null),
    clientHost: client.startsWith('::ffff:') ? client.slice(7) : client,
    // `in~` over TLS.
    protocol: frontend.endsWith('~') ? 'https' : 'http',
    host: unescapeLog(host ?? ''),
    method: unescapeLog(method ?? ''),
    path: unescapeLog(pathOf(uri ?? '')),
    status: status === '-1' ? CLIENT_GONE : Number(status),
    bytesIn: Number(bytesIn),
    bytesOut: Number(bytesOut),
    durationMs,
  };
}

/** HTTP/2 requests are logged with scheme and host. */
function pathOf(uri: string): string {
  return /^https?:\/\//.test(uri) ? uri.replace(/^https?:\/\/[^/?]*/, '') || '/' : uri;
}

/** HAProxy writes what could break a line as `#` and two digits. */
function unescapeLog(text: string): string {
  if (!text.includes('#')) return text;
  return text.replace(/#([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
