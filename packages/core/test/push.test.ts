import { describe, expect, it } from 'vitest';
import { checkPushOptions, isTealError, judgePush } from '../src/index.ts';

const ZERO = '0'.repeat(40);
const create = (ref: string) => ({ oldCommit: ZERO, newCommit: 'a'.repeat(40), ref });
const remove = (ref: string) => ({ oldCommit: 'a'.repeat(40), newCommit: ZERO, ref });

function codeOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    return isTealError(error) ? error.code : 'foreign';
  }
  return 'none';
}

describe('a push', () => {
  it.each(['main', 'master'])('of %s deploys it where the app has no branch yet', (branch) => {
    const verdict = judgePush([create(`refs/heads/${branch}`)], null);
    expect(verdict).toEqual({ deploys: create(`refs/heads/${branch}`), branch, notes: [] });
  });

  it('of main and master at once deploys one of them', () => {
    const verdict = judgePush([create('refs/heads/master'), create('refs/heads/main')], null);
    expect(verdict.branch).toBe('main');
    expect(verdict.notes).toEqual(['master is kept but not deployed: main or master deploys.']);
  });

  it('of another branch, a tag or the other default is kept but not deployed, and says so', () => {
    const refs = ['refs/heads/topic/x', 'refs/tags/v1', 'refs/heads/master', 'refs/heads/mainly', 'refs/tags/main'];
    const verdict = judgePush(refs.map(create), 'main');
    expect(verdict.deploys).toBeNull();
    expect(verdict.branch).toBeNull();
    expect(verdict.notes).toHaveLength(refs.length);
    expect(verdict.notes[0]).toBe('topic/x is kept but not deployed: main deploys.');
  });

  it('of several refs deploys at most one', () => {
    const verdict = judgePush([create('refs/heads/a'), create('refs/heads/live'), remove('refs/tags/old')], 'live');
    expect(verdict.deploys).toEqual(create('refs/heads/live'));
    expect(verdict.notes).toEqual(['a is kept but not deployed: live deploys.']);
  });

  it('that deletes the deploy branch is refused, another deletion is not', () => {
    expect(codeOf(() => judgePush([remove('refs/heads/main')], 'main'))).toBe('push_branch_delete');
    expect(codeOf(() => judgePush([create('refs/heads/x'), remove('refs/heads/main')], 'main'))).toBe(
      'push_branch_delete',
    );
    expect(judgePush([remove('refs/heads/old')], 'main')).toEqual({ deploys: null, branch: null, notes: [] });
    expect(judgePush([remove('refs/heads/main')], null).deploys).toBeNull();
  });

  it.each(['refs/notes/commits', 'HEAD', 'refs/heads/', 'refs/pull/1/head', 'heads/main', ''])(
    'of "%s" is refused',
    (ref) => {
      expect(codeOf(() => judgePush([create(ref)], null))).toBe('push_ref_unsupported');
    },
  );
});

describe('push options', () => {
  it('are kept as given', () => {
    expect(checkPushOptions(['no-cache', 'note=the fix = this'])).toEqual(['no-cache', 'note=the fix = this']);
    expect(checkPushOptions([])).toEqual([]);
  });

  it.each(['nope', '', '=x', 'No-Cache', 'note=\u001b[31m', 'note=a\u0000b', `note=${'x'.repeat(200)}`])(
    'refuses %j',
    (option) => {
      expect(codeOf(() => checkPushOptions(['no-cache', option]))).toBe('push_option_invalid');
    },
  );
});
