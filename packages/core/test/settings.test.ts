import { expect, it } from 'vitest';
import { hookAfter } from '../src/index.ts';

it('finds the hook of an outcome, and none in blank variables', () => {
  const environment = { CC_RUN_SUCCEEDED_HOOK: ' ./tell.sh live\n', CC_RUN_FAILED_HOOK: '  ' };
  expect(hookAfter('succeeded', environment)).toEqual({ name: 'CC_RUN_SUCCEEDED_HOOK', command: './tell.sh live' });
  expect(hookAfter('failed', environment)).toBeNull();
  expect(hookAfter('failed', { CC_RUN_FAILED_HOOK: 'x' })).toEqual({ name: 'CC_RUN_FAILED_HOOK', command: 'x' });
  expect(hookAfter('succeeded', {})).toBeNull();
});
