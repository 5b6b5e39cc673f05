import { describe, expect, it } from 'vitest';
import {
  ERRORS,
  type ErrorCode,
  errorMessage,
  formatId,
  ID_KINDS,
  isAppName,
  isId,
  isTealError,
  isVariableName,
  nextColour,
  sameRoute,
  shortCommit,
  shortId,
  TealError,
} from '../src/index.ts';

const UUID = '0b9a3c1e-4a5f-4c6d-8e7f-001122334455';

describe('names', () => {
  it.each(['ab', 'a1', 'my-app', 'a--b', `a${'b'.repeat(39)}`])('of apps may be %s', (name) => {
    expect(isAppName(name)).toBe(true);
  });
  it.each(['', 'a', '1a', '-a', 'a-', 'A1', 'my_app', 'my.app', 'ab\n', `a${'b'.repeat(40)}`, 'teal', 'www', 'é1'])(
    'of apps may not be %j',
    (name) => {
      expect(isAppName(name)).toBe(false);
    },
  );
  it.each(['A', '_', 'a1', 'LONG_NAME_2'])('of variables may be %s', (name) => expect(isVariableName(name)).toBe(true));
  it.each(['', '1A', 'A-B', 'A B', 'A\n', 'A=B', 'É', `A${'x'.repeat(255)}`])('of variables may not be %j', (name) => {
    expect(isVariableName(name)).toBe(false);
  });
});

describe('ids', () => {
  it('name their kind and are nothing else', () => {
    for (const kind of ID_KINDS) {
      expect(isId(kind, formatId(kind, UUID))).toBe(true);
      expect(isId(kind, ` ${formatId(kind, UUID)}`)).toBe(false);
      expect(isId(kind, `${formatId(kind, UUID)}\n`)).toBe(false);
      expect(isId(kind, formatId(kind, UUID.replace('-4c', '-1c')))).toBe(false);
      expect(isId(kind, formatId(kind, UUID.toUpperCase()))).toBe(false);
    }
    expect(isId('app', formatId('orga', UUID))).toBe(false);
    expect(shortId(formatId('app', UUID))).toBe('0b9a3c1e');
    expect(shortCommit('0123456789abcdef')).toBe('0123456');
  });
});

describe('errors', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('%s is a sentence', (code) => {
    const facts = Object.fromEntries([...ERRORS[code].message.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, 'X']));
    const message = errorMessage(code, facts);
    expect(message).toMatch(/^[A-Z"]/);
    expect(message).not.toMatch(/[{}]/);
    // A fact at the end brings its own full stop.
    if (!/\{\w+\}$/.test(ERRORS[code].message)) expect(message).toMatch(/[.?!]$/);
    const error = new TealError(code, facts);
    expect(isTealError(error, code)).toBe(true);
    expect(error.retryable).toBe(ERRORS[code].retryable);
  });

  it('keep their cause, and facts cannot bring facts in', () => {
    const cause = new Error('why');
    expect(new TealError('build_failed', { detail: '{limit}' }, { cause })).toMatchObject({
      cause,
      message: 'The build failed: {limit}',
    });
    expect(isTealError(cause)).toBe(false);
  });
});

describe('colours and routes', () => {
  it('alternate', () => {
    expect([nextColour(null), nextColour('blue'), nextColour('green')]).toEqual(['blue', 'green', 'blue']);
  });
  it('are the same only in mode and colour', () => {
    const routes = [
      { mode: 'up', live: 'blue' },
      { mode: 'up', live: 'green' },
      { mode: 'empty' },
      { mode: 'stopped' },
    ] as const;
    for (const a of routes) for (const b of routes) expect(sameRoute(a, b)).toBe(a === b);
  });
});
