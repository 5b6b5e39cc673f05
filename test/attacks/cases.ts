/** Attacks 50–53 on the router as data: the bytes that are sent, and the one reading that an app may see of them. */

export const HOST = 'one.test';

/** What the app may see; the router's own headers are checked apart. */
export interface Reading {
  method: string;
  target: string;
  /** The Host header as the app gets it. */
  host: string;
  /** All others but the framing, `name: value`, in any order. */
  headers: readonly string[];
  body: string;
}

export interface Attack {
  /** Begins with its number in the list of attacks. */
  name: string;
  bytes: string;
  /**
   * `refused`: 4xx or 5xx, no byte at the app, connection closed. `cut`: refused when its body turns out to be broken; no
   * whole request at the app. `either`: refused, or exactly `readings`. `read`: exactly `readings`.
   */
  outcome: 'refused' | 'cut' | 'either' | 'read';
  readings: readonly Reading[];
  /** The next request is sent after the answer: with an upgrade, bytes that follow at once may be the new protocol's. */
  apart?: boolean;
}

interface Parts {
  line?: string;
  /** In place of the Host header. */
  host?: string;
  lines?: readonly string[];
  body?: string;
}

function bytesOf({ line = 'GET / HTTP/1.1', host = `Host: ${HOST}`, lines = [], body = '' }: Parts): string {
  const head = [line, host, ...lines].filter((text) => text !== '').map((text) => `${text}\r\n`);
  return `${head.join('')}\r\n${body}`;
}

const reading = (seen: Partial<Reading> = {}): Reading => ({
  method: 'GET',
  target: '/',
  host: HOST,
  headers: [],
  body: '',
  ...seen,
});

const raw = (name: string, bytes: string, outcome: Attack['outcome'], seen: Partial<Reading> = {}): Attack => ({
  name,
  bytes,
  outcome,
  readings: [reading(seen)],
});
const refused = (name: string, parts: Parts) => raw(name, bytesOf(parts), 'refused');
const either = (name: string, parts: Parts, seen?: Partial<Reading>) => raw(name, bytesOf(parts), 'either', seen);
const read = (name: string, parts: Parts, seen?: Partial<Reading>) => raw(name, bytesOf(parts), 'read', seen);

const POST = 'POST / HTTP/1.1';
const post = (body = '') => ({ method: 'POST', body });

const HOSTS: readonly Attack[] = [
  refused('50 two Hosts', { lines: ['Host: neighbour.test'] }),
  either('50 two Hosts, the same', { lines: [`Host: ${HOST}`] }),
  refused('50 two Hosts in other letters', { lines: ['hOST: neighbour.test'] }),
  refused('50 missing Host', { host: '' }),
  refused('50 missing Host in HTTP/1.0', { line: 'GET / HTTP/1.0', host: '' }),
  refused('50 empty Host', { host: 'Host:' }),
  refused('50 Host: a/../', { host: `Host: ${HOST}/../` }),
  refused('50 Host with a query', { host: `Host: ${HOST}?x` }),
  refused('50 Host with a fragment', { host: `Host: ${HOST}#x` }),
  refused('50 Host with a user', { host: `Host: neighbour.test@${HOST}` }),
  refused('50 Host with a list', { host: `Host: ${HOST}, neighbour.test` }),
  refused('50 Host with a space', { host: `Host: ${HOST} neighbour.test` }),
  refused('50 Host with a backslash', { host: `Host: ${HOST}\\neighbour.test` }),
  refused('50 Host with two ports', { host: `Host: ${HOST}:80:80` }),
  refused('50 Host with a port that is no number', { host: `Host: ${HOST}:80a` }),
  refused('50 Host with a percent sign', { host: 'Host: one%2etest' }),
  refused('50 Host behind a space', { host: `Host : ${HOST}` }),
  either('50 Host folded', { host: 'Host:', lines: [` ${HOST}`] }),
  refused('50 Host below a leading space', { host: ` Host: ${HOST}` }),
  refused('50 NUL in Host', { host: `Host: ${HOST}\0` }),
  refused('50 NUL in a value', { lines: ['X-A: a\0b'] }),
  refused('50 NUL in a name', { lines: ['X\0A: b'] }),
  refused('50 NUL in the target', { line: 'GET /\0 HTTP/1.1' }),
  refused('50 absolute URI of another host', { line: 'GET http://neighbour.test/ HTTP/1.1' }),
  refused('50 absolute URI with a user', { line: `GET http://${HOST}@neighbour.test/ HTTP/1.1` }),
  refused('50 absolute URI without Host', { line: `GET http://${HOST}/ HTTP/1.1`, host: '' }),
  either('50 absolute URI of the same host', { line: `GET http://${HOST}/a?x=1 HTTP/1.1` }, { target: '/a?x=1' }),
  refused('50 target without a slash', { line: 'GET index.html HTTP/1.1' }),
  refused('50 target that begins with @', { line: `GET @neighbour.test/ HTTP/1.1` }),
  read('50 target with two slashes', { line: 'GET //neighbour.test/ HTTP/1.1' }, { target: '//neighbour.test/' }),
  read('50 target with dots', { line: 'GET /../%2e%2e/a;b HTTP/1.1' }, { target: '/../%2e%2e/a;b' }),
  either('50 target with a fragment', { line: 'GET /#x HTTP/1.1' }, { target: '/#x' }),
  either('50 target in 8 bits', { line: 'GET /\xff HTTP/1.1' }, { target: '/\xff' }),
  either('50 two spaces before the target', { line: 'GET  / HTTP/1.1' }),
  refused('50 a space in the target', { line: 'GET /a b HTTP/1.1' }),
  refused('50 HTTP/1.1 and more', { line: 'GET / HTTP/1.1x' }),
  refused('50 HTTP/9.9', { line: 'GET / HTTP/9.9' }),
  raw('50 HTTP/0.9', 'GET /\r\n', 'refused'),
  read(
    '50 underscore headers',
    { lines: ['X_Forwarded_For: 6.6.6.6', 'Content_Length: 9', 'Transfer_Encoding: chunked', 'X-A: b'] },
    { headers: ['x-a: b'] },
  ),
  // RFC 9112 §5.2: refused, or each byte of the fold is a space.
  either('50 obs-fold', { lines: ['X-A: b', ' c'] }, { headers: ['x-a: b   c'] }),
  either(
    '50 obs-fold with a tab',
    { lines: ['X-A: b', '\tTransfer-Encoding: chunked'] },
    { headers: ['x-a: b  \tTransfer-Encoding: chunked'] },
  ),
  refused('50 a line without a colon', { lines: ['nonsense'] }),
  refused('50 a header without a name', { lines: [': b'] }),
  refused('50 a space in a name', { lines: ['X A: b'] }),
  refused('50 brackets in a name', { lines: ['X(A): b'] }),
];

const chunked = (body: string, extra: Parts = {}): Parts => ({
  line: POST,
  lines: ['Transfer-Encoding: chunked'],
  body,
  ...extra,
});
const coding = (name: string, lines: string[], body = '0\r\n\r\n') =>
  refused(`51 ${name}`, { line: POST, lines, body });
const EMPTY = '0\r\n\r\n';
const length = (name: string, value: string) =>
  refused(`51 length ${name}`, { line: POST, lines: [`Content-Length: ${value}`], body: 'abcd' });
const broken = (name: string, body: string) => raw(`51 ${name}`, bytesOf(chunked(body)), 'cut');

const FRAMING: readonly Attack[] = [
  // RFC 9112 §6.3: refused, or chunked, the length dropped and the connection closed.
  either('51 CL+TE', chunked(EMPTY, { lines: ['Content-Length: 5', 'Transfer-Encoding: chunked'] }), post()),
  either('51 TE+CL', chunked(EMPTY, { lines: ['Transfer-Encoding: chunked', 'Content-Length: 5'] }), post()),
  either(
    '51 TE+CL, a longer body',
    chunked('3\r\nabc\r\n0\r\n\r\n', { lines: ['Transfer-Encoding: chunked', 'Content-Length: 4'] }),
    post('abc'),
  ),
  coding('CL+TE, an empty TE', ['Content-Length: 5', 'Transfer-Encoding:']),
  coding('TE: xchunked', ['Transfer-Encoding: xchunked']),
  coding('TE: chunkedx', ['Transfer-Encoding: chunkedx']),
  coding('TE in quotes', ['Transfer-Encoding: "chunked"']),
  coding('TE with a space before the colon', ['Transfer-Encoding : chunked']),
  coding('TE with a space before the colon, and CL', ['Content-Length: 5', 'Transfer-Encoding : chunked']),
  either(
    '51 TE behind a leading space',
    { line: POST, lines: ['X-A: b', ' Transfer-Encoding: chunked'] },
    {
      ...post(),
      headers: ['x-a: b   Transfer-Encoding: chunked'],
    },
  ),
  coding('TE with a vertical tab', ['Transfer-Encoding: \x0bchunked']),
  coding('TE with a tab in it', ['Transfer-Encoding: chun\tked']),
  coding('TE: chunked, identity', ['Transfer-Encoding: chunked, identity']),
  coding('TE: chunked twice in one line', ['Transfer-Encoding: chunked, chunked']),
  coding('TE: gzip and then CL', ['Transfer-Encoding: gzip', 'Content-Length: 5']),
  coding('TE: identity and CL', ['Transfer-Encoding: identity', 'Content-Length: 5']),
  coding('TE: xchunked and CL', ['Transfer-Encoding: xchunked', 'Content-Length: 5']),
  coding('TE twice, the second unknown', ['Transfer-Encoding: chunked', 'Transfer-Encoding: cow']),
  coding('TE twice, the first unknown', ['Transfer-Encoding: cow', 'Transfer-Encoding: chunked']),
  either(
    '51 TE twice, the same',
    chunked('3\r\nabc\r\n0\r\n\r\n', { lines: ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'] }),
    post('abc'),
  ),
  either(
    '51 TE in other letters',
    chunked('3\r\nabc\r\n0\r\n\r\n', { lines: ['tRANSFER-eNCODING: ChunKed'] }),
    post('abc'),
  ),
  either('51 TE in HTTP/1.0', chunked('3\r\nabc\r\n0\r\n\r\n', { line: 'POST / HTTP/1.0' }), post('abc')),
  either('51 TE on a GET', chunked('3\r\nabc\r\n0\r\n\r\n', { line: 'GET / HTTP/1.1' }), { body: 'abc' }),
  either(
    '51 CL+TE within one Connection',
    { line: POST, lines: ['Connection: Content-Length', 'Content-Length: 3'], body: 'abc' },
    post('abc'),
  ),
  length('+4', '+4'),
  length('-4', '-4'),
  // RFC 9112 §6.3: refused, or the one length.
  either('51 length 4,4', { line: POST, lines: ['Content-Length: 4,4'], body: 'abcd' }, post('abcd')),
  length('4, 5', '4, 5'),
  length('0x4', '0x4'),
  length('4 4', '4 4'),
  length('4.0', '4.0'),
  length('4e0', '4e0'),
  length('in another script', '\xb2'),
  length('empty', ''),
  length('of 40 digits', '9'.repeat(40)),
  length('2^64 + 4', '18446744073709551620'),
  refused('51 two lengths', { line: POST, lines: ['Content-Length: 4', 'Content-Length: 5'], body: 'abcd' }),
  either(
    '51 two lengths, the same',
    { line: POST, lines: ['Content-Length: 3', 'Content-Length: 3'], body: 'abc' },
    post('abc'),
  ),
  either('51 length 003', { line: POST, lines: ['Content-Length: 003'], body: 'abc' }, post('abc')),
  read('51 length on a GET', { lines: ['Content-Length: 3'], body: 'abc' }, { body: 'abc' }),
  raw('51 bare LF', `GET / HTTP/1.1\nHost: ${HOST}\nX-A: b\n\n`, 'either', { headers: ['x-a: b'] }),
  raw('51 bare LF in one line', `GET / HTTP/1.1\r\nHost: ${HOST}\nX-A: b\r\n\r\n`, 'either', { headers: ['x-a: b'] }),
  raw('51 bare LF at the end of the head', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: b\r\n\n`, 'either', {
    headers: ['x-a: b'],
  }),
  refused('51 bare CR in a value', { lines: ['X-A: b\rTransfer-Encoding: chunked'] }),
  refused('51 bare CR in the Host', { host: `Host: ${HOST}\rX-A: b` }),
  raw('51 bare CR at every end', `GET / HTTP/1.1\rHost: ${HOST}\r\r`, 'refused'),
  raw('51 CR CR LF', `GET / HTTP/1.1\r\nHost: ${HOST}\r\r\n\r\n`, 'refused'),
  either('51 chunk extensions', chunked('3;a=b;c="d"\r\nabc\r\n0;e\r\n\r\n'), post('abc')),
  either('51 chunk size with zeros', chunked('0003\r\nabc\r\n000\r\n\r\n'), post('abc')),
  either('51 chunk size with a space behind it', chunked('3 \r\nabc\r\n0\r\n\r\n'), post('abc')),
  either('51 trailers', chunked('3\r\nabc\r\n0\r\nX-A: b\r\n\r\n'), post('abc')),
  either(
    '51 forged trailers',
    chunked(`3\r\nabc\r\n0\r\nHost: neighbour.test\r\nContent-Length: 9\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`),
    post('abc'),
  ),
  either('51 chunk extension with a bare LF', chunked('3;\nabc\r\n0\r\n\r\n'), post('abc')),
  broken('chunk extension with a bare CR', '3;a\rb\r\nabc\r\n0\r\n\r\n'),
  broken('chunk size g', 'g\r\nabc\r\n0\r\n\r\n'),
  broken('chunk size +3', '+3\r\nabc\r\n0\r\n\r\n'),
  broken('chunk size -1', '-1\r\nabc\r\n0\r\n\r\n'),
  broken('chunk size 0x3', '0x3\r\nabc\r\n0\r\n\r\n'),
  broken('chunk size behind a space', ' 3\r\nabc\r\n0\r\n\r\n'),
  broken('chunk size of 17 digits', `${'f'.repeat(17)}\r\nabc\r\n0\r\n\r\n`),
  broken('chunk size empty', '\r\nabc\r\n0\r\n\r\n'),
  broken('chunk longer than its size', '3\r\nabcdef\r\n0\r\n\r\n'),
  broken('chunk without its end', '3\r\nabc0\r\n\r\n'),
  refused('51 100 kB header', { lines: [`X-A: ${'a'.repeat(100_000)}`] }),
  refused('51 100 kB in short headers', {
    lines: Array.from({ length: 100 }, (_, i) => `X-${i}: ${'a'.repeat(1_000)}`),
  }),
  refused('51 100 kB target', { line: `GET /${'a'.repeat(100_000)} HTTP/1.1` }),
  refused('51 100 kB method', { line: `${'A'.repeat(100_000)} / HTTP/1.1` }),
  either(
    '51 200 headers',
    { lines: Array.from({ length: 200 }, (_, i) => `X-N${i}: ${i}`) },
    { headers: Array.from({ length: 200 }, (_, i) => `x-n${i}: ${i}`) },
  ),
  read(
    '51 a request within a body',
    {
      line: POST,
      lines: ['Content-Length: 45'],
      body: `GET /smuggled HTTP/1.1\r\nHost: neighbour.t\r\n\r\n`.padEnd(45),
    },
    post('GET /smuggled HTTP/1.1\r\nHost: neighbour.t\r\n\r\n'.padEnd(45)),
  ),
  either(
    '51 a request within a body that was announced',
    { line: POST, lines: ['Expect: 100-continue', 'Content-Length: 4'], body: 'GET ' },
    { ...post('GET '), headers: ['expect: 100-continue'] },
  ),
];

const upgrade = (value: string, ...more: string[]) => ['Connection: Upgrade', `Upgrade: ${value}`, ...more];
const H2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

const apart = (attack: Attack): Attack => ({ ...attack, apart: true });

const UPGRADES: readonly Attack[] = [
  ...[
    either('52 h2c upgrade', {
      lines: ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    }),
    either('52 h2c upgrade without settings', { lines: upgrade('h2c') }),
    either('52 upgrade to TLS', { lines: upgrade('TLS/1.0') }),
    either('52 upgrade to h2c or websocket', { lines: upgrade('h2c, websocket') }),
  ].map(apart),
  refused('52 CONNECT', { line: `CONNECT ${HOST}:443 HTTP/1.1`, host: `Host: ${HOST}:443` }),
  refused('52 CONNECT to the machine', { line: 'CONNECT 127.0.0.1:22 HTTP/1.1' }),
  refused('52 CONNECT with a path', { line: 'CONNECT / HTTP/1.1' }),
  refused('52 TRACE', { line: 'TRACE / HTTP/1.1' }),
  raw('52 PRI preface', H2_PREFACE, 'refused'),
  refused('52 PRI as a method', { line: 'PRI * HTTP/1.1' }),
  either('52 OPTIONS *', { line: 'OPTIONS * HTTP/1.1' }, { method: 'OPTIONS', target: '*' }),
  refused('52 GET *', { line: 'GET * HTTP/1.1' }),
  either('52 get in small letters', { line: 'get / HTTP/1.1' }, { method: 'get' }),
];

const FORGED = [
  'X-Forwarded-For: 6.6.6.6',
  'x-forwarded-for: 6.6.6.7',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: neighbour.test',
  'X-Forwarded-Port: 6',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Server: evil',
  'Forwarded: for=6.6.6.6;host=neighbour.test',
  'X-Real-IP: 6.6.6.6',
  'Proxy: http://neighbour.test',
  'X-Request-Id: forged',
  'Teal-Deployment: forged',
  'Teal-Proof: forged',
];
const CREDENTIALS = ['Cookie: a=b', 'Authorization: Bearer x'];
const KEPT = ['cookie: a=b', 'authorization: Bearer x'];
const hop = (name: string, ...lines: string[]) =>
  either(`53 ${name}`, { lines: [...CREDENTIALS, ...lines, ...FORGED] }, { headers: KEPT });

const HEADERS: readonly Attack[] = [
  read('53 forged X-Forwarded headers and their like', { lines: [...CREDENTIALS, ...FORGED] }, { headers: KEPT }),
  hop('Connection: X-Forwarded-For', 'Connection: close, X-Forwarded-For'),
  hop('Connection: X-Forwarded-Proto', 'Connection: X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Port'),
  hop('Connection: X-Request-Id', 'Connection: X-Request-Id'),
  hop('Connection: Host', 'Connection: Host'),
  hop('Connection: Cookie', 'Connection: Cookie'),
  hop('Connection: Authorization', 'Connection: keep-alive,authorization'),
  hop('Connection: Teal-Proof', 'Connection: Teal-Proof'),
  hop('Connection with empty places', 'Connection: ,,\tX-FORWARDED-FOR ,'),
  hop('Connection in quotes', 'Connection: "X-Forwarded-For"'),
  hop('two Connections', 'Connection: keep-alive', 'Connection: X-Forwarded-For'),
  hop('Proxy-Connection: X-Forwarded-For', 'Proxy-Connection: X-Forwarded-For'),
  hop('Keep-Alive', 'Keep-Alive: timeout=9999, max=X-Forwarded-For'),
];

const named = (host: string) => read(`54 the host ${host}`, { host: `Host: ${host}` }, { host });

const NAMES: readonly Attack[] = ['ONE.TEST.:80', 'One.Test', 'one.test.', 'one.test:8000', 'one.test:'].map(named);

export const ATTACKS: Readonly<Record<string, readonly Attack[]>> = {
  '50: which host is meant': HOSTS,
  '51: where a request ends': FRAMING,
  '52: other protocols': UPGRADES,
  "53: the router's own headers": HEADERS,
  '54: one name in other letters': NAMES,
};
