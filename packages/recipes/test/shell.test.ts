import { spawnSync } from 'node:child_process';
import { execForm, exportLines, parseProcfile, shellQuote } from '@teal/recipes';
import { describe, expect, it } from 'vitest';

function sh(script: string): string {
  return spawnSync('sh', ['-c', script], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } }).stdout;
}

const HOSTILE = `a 'b' "c" $HOME \`id\` \\ ;&|<>()\n# %s\n`;

describe('words for the shell', () => {
  it('arrive as they are', () => {
    expect(sh(`printf %s ${shellQuote(HOSTILE)}`)).toBe(HOSTILE);
  });

  it('arrive as variables as they are, whatever their order', () => {
    const lines = exportLines({ B: HOSTILE, A: '' });
    expect(sh(`${lines}printf '%s' "$B"`)).toBe(HOSTILE);
    expect(lines).toBe(exportLines({ A: '', B: HOSTILE }));
  });
});

describe('the exec form', () => {
  it.each([
    ['node server.js', 'exec node server.js'],
    ['A=1 B="two words" node server.js', 'A=1 B="two words" exec node server.js'],
    ["A='x y' ./run --flag", "A='x y' exec ./run --flag"],
    ['gunicorn --bind "0.0.0.0:$PORT" app', 'exec gunicorn --bind "0.0.0.0:$PORT" app'],
  ])('replaces the shell by %s', (command, expected) => {
    expect(execForm(command)).toBe(expected);
  });

  it.each([
    'cd src && node server.js',
    'node a.js & node b.js',
    'node a.js | tee log',
    'if true; then x; fi',
    'exec node x',
    '$RUNNER x',
    'export A=1',
    'A=$(date) node x',
    'line one\nline two',
  ])('leaves %s as it is', (command) => {
    expect(execForm(command)).toBe(command);
  });

  it('keeps what a command does', () => {
    for (const command of ['echo a b', 'A=1 env', 'echo "$0"', "printf '%s|' 'x y' z"]) {
      expect(sh(execForm(command))).toBe(sh(command));
    }
  });
});

describe('a Procfile', () => {
  it('is read line by line, without what is no line of it', () => {
    const commands = parseProcfile(
      'web: node server.js --a:b\r\n# comment\n\n release :  node migrate.js \nnonsense\n',
    );
    expect([...commands]).toEqual([
      ['web', 'node server.js --a:b'],
      ['release', 'node migrate.js'],
    ]);
  });
});
