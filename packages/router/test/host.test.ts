import { describe, expect, it } from 'vitest';
import { normaliseHost } from '../src/host.ts';

describe('normaliseHost', () => {
  it.each([
    ['a.test', 'a.test'],
    ['A.TEST.:80', 'a.test'],
    ['app.teal.localhost:8000', 'app.teal.localhost'],
    ['under_score.test', 'under_score.test'],
    ['127.0.0.1:8000', '127.0.0.1'],
    ['[::1]:8000', '[::1]'],
    ['[::1]', '[::1]'],
    ['a.test:', 'a.test'],
  ])('reads %s as %s', (value, host) => expect(normaliseHost(value)).toBe(host));

  it.each([
    '',
    '.',
    ':80',
    'a..test',
    '.a.test',
    'a.test..',
    'a.test:80:80',
    'a.test:x',
    'a.test:999999',
    'a/../',
    'a b',
    'a,b',
    'a@b',
    'a?b',
    'a%00',
    '[::1',
    '::1',
    '[x]',
    '-a.test',
    'é.test',
    'a'.repeat(64),
    'a.'.repeat(200),
  ])('refuses %j', (value) => expect(normaliseHost(value)).toBeNull());
});
