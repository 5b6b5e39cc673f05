/** Requests that two servers could read in two ways: one interpretation, or refused. */
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { APP, HOST, type House, houses, type MakeRouter, until } from './fixture.ts';
import { ByteOrigin, sendRaw, statuses } from './raw.ts';

/** What an attacker wants the app to see. */
const SMUGGLED = `GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

/** Must be refused, and the app must not see a byte. */
const REFUSED: [string, string][] = [
  ['two Host headers', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nHost: other.test\r\n\r\n`],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['a path in Host', `GET / HTTP/1.1\r\nHost: ${HOST}/../\r\n\r\n`],
  ['a Host with user', `GET / HTTP/1.1\r\nHost: x@${HOST}\r\n\r\n`],
  ['a Host with a list', `GET / HTTP/1.1\r\nHost: ${HOST}, other.test\r\n\r\n`],
  ['a Host with a bad port', `GET / HTTP/1.1\r\nHost: ${HOST}:80a\r\n\r\n`],
  ['NUL in Host', `GET / HTTP/1.1\r\nHost: ${HOST}\0\r\n\r\n`],
  ['NUL in a value', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: a\0b\r\n\r\n`],
  ['an absolute URI of another host', `GET http://other.test/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
  ['an absolute URI with user', `GET http://${HOST}@other.test/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
  ['a target that is no path', `GET ${HOST} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
  ['a space before the colon', `GET / HTTP/1.1\r\nHost : ${HOST}\r\n\r\n`],
  ['a space in a name', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX A: b\r\n\r\n`],
  ['a line without a colon', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nnonsense\r\n\r\n`],
  ['two lengths', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`],
  ['a list of lengths', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 5, 6\r\n\r\nabcdef`],
  ['TE: xchunked', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  [
    'TE: chunked, identity',
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  ],
  ['TE with a tab in it', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chun\tked\r\n\r\n0\r\n\r\n`],
  ['TE with a vertical tab', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  ['length +4', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: +4\r\n\r\nabcd`],
  ['length -4', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: -4\r\n\r\nabcd`],
  ['length 0x4', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0x4\r\n\r\nabcd`],
  ['length 4 4', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 4 4\r\n\r\nabcd`],
  ['an endless length', `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\nabcd`],
  ['bare CR in a line', `GET / HTTP/1.1\r\nHost: ${HOST}\rX: y\r\n\r\n`],
  ['a header of 100 kB', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`],
  ['a target of 100 kB', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
  ['CONNECT', `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`],
  ['TRACE', `TRACE / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['something else than HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(64, 'x')],
];

/** May be refused; otherwise the app sees exactly one request, read the one way that is given. */
const ONE_READING: [string, string, RegExp][] = [
  [
    'two equal Host headers',
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nHost: ${HOST}\r\n\r\n`,
    /\r\nhost: one\.test\r\n(?!.*\r\nhost:)/is,
  ],
  ['a folded header', `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: b\r\n c\r\n\r\n`, /\r\nx-a: b[ \t]+c\r\n/i],
  // Chunks count (RFC 9112 §6.3), and nothing behind them is a request.
  [
    'Content-Length and Transfer-Encoding',
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX${SMUGGLED}`,
    /\r\ntransfer-encoding: chunked\r\n(?!.*content-length).*\r\n\r\n0\r\n\r\n$/is,
  ],
  [
    'Transfer-Encoding and Content-Length',
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX${SMUGGLED}`,
    /\r\ntransfer-encoding: chunked\r\n(?!.*content-length).*\r\n\r\n0\r\n\r\n$/is,
  ],
  ['bare LF', `GET / HTTP/1.1\nHost: ${HOST}\n\n`, /^GET \/ HTTP\/1\.1\r\n/],
  ['bare LF in one line', `GET / HTTP/1.1\r\nHost: ${HOST}\nX-A: b\r\n\r\n`, /^GET \/ HTTP\/1\.1\r\n/],
  [
    'equal lengths twice',
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc`,
    /\r\ncontent-length: 3\r\n(?!.*content-length)/is,
  ],
  [
    'TE twice',
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    /\r\ntransfer-encoding: chunked\r\n(?!.*transfer-encoding)/is,
  ],
  [
    'TE: Chunked, in capitals',
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\ntRANSFER-eNCODING: ChunkeD\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    /\r\n(transfer-encoding: chunked|content-length: 3)\r\n/i,
  ],
  [
    'TE of HTTP/1.0',
    `POST / HTTP/1.0\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    /\r\ntransfer-encoding: chunked\r\n/i,
  ],
  [
    'a length in Connection',
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Content-Length\r\nContent-Length: 3\r\n\r\nabc`,
    /\r\ncontent-length: 3\r\n[\s\S]*\r\n\r\nabc$/i,
  ],
  [
    'an h2c upgrade',
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    /^(?!.*(\r\nupgrade:|http2-settings))/is,
  ],
  [
    'another upgrade',
    `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0\r\n\r\n`,
    /^(?!.*\r\nupgrade:)/is,
  ],
];

async function bytesHouse(house: House): Promise<ByteOrigin> {
  const origin = await new ByteOrigin().listen();
  house.onClose(() => origin.close());
  const members = [{ instanceId: 'instance_bytes', address: origin.address }];
  await house.router.setPool({ appId: APP, colour: 'blue', releaseId: 'r', deploymentId: 'd', members });
  await house.router.setHosts(APP, [HOST]);
  await house.flip('blue');
  return origin;
}

const requestLines = (bytes: string) => [...bytes.matchAll(/^[A-Z]+ \S+ HTTP\/1\.1\r$/gm)].length;

export function smugglingCases(make: MakeRouter): void {
  const open = houses(make);

  it('refuses each request that has no clear reading, and the app sees nothing of it', async () => {
    const house = await open();
    const origin = await bytesHouse(house);
    const wrong: string[] = [];
    await Promise.all(
      REFUSED.map(async ([name, bytes]) => {
        const text = await sendRaw(house.address, bytes + SMUGGLED);
        const [status] = statuses(text);
        // A closed connection is a refusal too, where what came was no HTTP request at all.
        const refused = status === undefined ? /HTTP\/2|else/.test(name) : status >= 400 && status <= 505;
        if (!refused || statuses(text).length > 1) wrong.push(`${name}: ${text.slice(0, 80)}`);
      }),
    );
    expect(wrong).toEqual([]);
    expect(origin.bytes).toBe('');
  });

  it.each(ONE_READING)('gives %s one reading, or refuses it', async (_name, bytes, reading) => {
    const house = await open();
    const origin = await bytesHouse(house);
    const text = await sendRaw(house.address, bytes);
    expect(statuses(text).length).toBe(1);
    if (statuses(text)[0] === 200) {
      expect(origin.bytes).toMatch(reading);
      expect(requestLines(origin.bytes)).toBe(1);
    } else {
      expect(statuses(text)[0]).toBeOneOf([400, 501, 505]);
      expect(origin.bytes).toBe('');
    }
  });

  it('never sends on what follows a broken chunk as if it were a request', async () => {
    const house = await open();
    const origin = await bytesHouse(house);
    const send = (chunks: string) => {
      const head = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`;
      return sendRaw(house.address, [head, chunks + SMUGGLED]);
    };
    for (const chunks of [
      'g\r\nabc\r\n0\r\n\r\n',
      '3\r\nabcdef\r\n0\r\n\r\n',
      '-1\r\n\r\n',
      '0x3\r\nabc\r\n0\r\n\r\n',
    ]) {
      await send(chunks);
    }
    expect(origin.bytes).not.toContain('/smuggled');
    // A bare LF may count as the end of a line: then the chunk is whole, and the app must get it in its plain form.
    await send('3;\nabc\r\n0\r\n\r\n');
    for (const bytes of origin.connections.filter((bytes) => bytes.includes('/smuggled'))) {
      expect(bytes).toMatch(/^(POST[\s\S]*?\r\n\r\n3\r\nabc\r\n0\r\n\r\n)?GET \/smuggled /);
    }
  });

  it('keeps two requests on one connection apart, by their lengths', async () => {
    const house = await open();
    const origin = await bytesHouse(house);
    const inner = 'GET /inner HTTP/1.1\r\nHost: x\r\n\r\n';
    const text = await sendRaw(
      house.address,
      `POST /a HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${inner.length}\r\n\r\n${inner}GET /b HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
      300,
    );
    // The byte origin answers the inner head too, which the router must not take for the answer to /b.
    expect(statuses(text).length).toBe(2);
    expect(origin.connections.find((bytes) => bytes.startsWith('POST /a'))).toMatch(
      /\r\n\r\nGET \/inner[\s\S]*\r\n\r\n$/,
    );
    expect(origin.connections.filter((bytes) => bytes.includes('GET /b ')).length).toBe(1);
  });

  it('serves others while slow and idle clients hold connections', async () => {
    const house = await open();
    await bytesHouse(house);
    const idle = Array.from({ length: 300 }, (_, i) => {
      const socket = connect(house.address);
      socket.on('error', () => {});
      socket.resume();
      if (i % 2 === 0) socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A:`);
      return socket;
    });
    await until('they are connected', () => idle.every((socket) => !socket.connecting));
    expect((await house.ask()).body).toBe('bytes');
    for (const socket of idle) socket.destroy();
  });
}
