import { describe, expect, it } from 'vitest';
import { hostsOf, isPlatformHost, readDomain, routeOf } from '../src/index.ts';
import { anApp } from './model.ts';

const label = (length: number) => 'a'.repeat(length);
const long = (length: number) => `${label(63)}.${label(63)}.${label(63)}.${label(length - 197)}.test`;

describe('a domain', () => {
  it.each([
    ['shop.example.org', 'shop.example.org'],
    ['  Shop.Example.ORG ', 'shop.example.org'],
    ['A.TEST.:80', 'a.test'],
    ['a.test:8443', 'a.test'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['faß.example', 'xn--fa-hia.example'],
    ['ｓｈｏｐ。example', 'shop.example'],
    ['日本語.jp', 'xn--wgv71a119e.jp'],
    ['shop.localhost', 'shop.localhost'],
    ['1and1.com', '1and1.com'],
    ['1.2.3.4.example', '1.2.3.4.example'],
    [`${label(63)}.test`, `${label(63)}.test`],
    [long(253), long(253)],
  ])('%j is kept as %j', (text, name) => expect(readDomain(text)).toEqual({ kind: 'domain', name }));

  it.each([
    ['', 'empty'],
    ['.', 'empty'],
    ['localhost', 'one part'],
    ['org', 'one part'],
    ['*.example.org', 'wildcards'],
    ['127.0.0.1', 'IP address'],
    ['127.1', 'IP address'],
    ['0x7f.1', 'IP address'],
    ['[::1]', 'host name alone'],
    ['::1', 'host name alone'],
    ['http://a.test', 'host name alone'],
    ['a.test/path', 'host name alone'],
    ['user@a.test', 'host name alone'],
    ['a%2etest.org', 'host name alone'],
    ['a.test;show info', 'host name alone'],
    ['a.test\nb.test', 'host name alone'],
    ['a.test\u0000', 'host name alone'],
    ['a_b.test', 'host name alone'],
    ['a..test', 'letters, digits'],
    ['.a.test', 'letters, digits'],
    ['a.test..', 'letters, digits'],
    ['-a.test', 'letters, digits'],
    ['a-.test', 'letters, digits'],
    ['1.2.3.4.5', 'not a valid'],
    ['a.test.123', 'not a valid'],
    ['xn--.test', 'letters, digits'],
    ['a\u202e.test', 'not a valid'],
    [`${label(64)}.test`, 'letters, digits'],
    [long(254), 'longer'],
    [`${label(10_000)}.test`, 'host name alone'],
    [':80', 'empty'],
    ['a.test:123456', 'host name alone'],
  ])('%j is refused: %s', (text, why) =>
    expect(readDomain(text)).toEqual({ kind: 'refused', why: expect.stringContaining(why) }),
  );

  it('is the platform’s own below its domain and where it is reserved', () => {
    const platform = { domain: 'teal.test', reserved: ['console.test'] };
    const own = ['teal.test', 'any.teal.test', 'a.b.teal.test', 'console.test'];
    const free = ['xteal.test', 'teal.test.org', 'a.console.test'];
    expect(own.filter((name) => !isPlatformHost(name, platform))).toEqual([]);
    expect(free.filter((name) => isPlatformHost(name, platform))).toEqual([]);
  });
});

describe('the hosts of an app', () => {
  const domain = (name: string, primary = false) => ({ name, primary });
  it.each([
    [[], ['one.teal.test']],
    [
      [domain('a.test'), domain('b.test')],
      ['one.teal.test', 'a.test', 'b.test'],
    ],
    [
      [domain('a.test'), domain('b.test', true)],
      ['b.test', 'one.teal.test', 'a.test'],
    ],
    [
      [domain('two.teal.test', true), domain('a.test')],
      ['one.teal.test', 'a.test'],
    ],
  ])('begin with the primary one: %j', (domains, hosts) =>
    expect(hostsOf(anApp({ domains }), 'teal.test')).toEqual(hosts),
  );
});

describe('the route of an app', () => {
  it.each([{ mode: 'up', live: 'green' }, { mode: 'empty' }, { mode: 'stopped' }] as const)(
    'carries its flags to $mode',
    (to) => {
      const app = anApp({ maintenance: true });
      expect(routeOf(app, to)).toEqual({ ...to, maintenance: true });
      expect(routeOf(anApp({ settings: { ...app.settings, httpsOnly: true } }), to)).toEqual({
        ...to,
        httpsOnly: true,
      });
      expect(routeOf(anApp(), to)).toEqual(to);
    },
  );
});
