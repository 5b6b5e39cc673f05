import { describe, expect, it } from 'vitest';
import { checkPaths, checkVariables } from '../src/view/checks.ts';

describe('the paths of checks as variables', () => {
  it('reads them in their order', () => {
    const variables = {
      CC_HEALTH_CHECK_PATH_10: '/ten',
      CC_HEALTH_CHECK_PATH_2: '/two',
      CC_HEALTH_CHECK_PATH: '/',
      A: 'b',
    };
    expect(checkPaths(variables)).toEqual(['/', '/two', '/ten']);
  });

  it('names one path plainly, several by number, and removes what is over', () => {
    expect(checkVariables({ CC_HEALTH_CHECK_PATH_0: '/a', CC_HEALTH_CHECK_PATH_1: '/b' }, ' /health \n\n')).toEqual({
      set: { CC_HEALTH_CHECK_PATH: '/health' },
      unset: ['CC_HEALTH_CHECK_PATH_0', 'CC_HEALTH_CHECK_PATH_1'],
      problem: null,
    });
    expect(checkVariables({ CC_HEALTH_CHECK_PATH_0: '/a' }, '/a\n/b')).toEqual({
      set: { CC_HEALTH_CHECK_PATH_1: '/b' },
      unset: [],
      problem: null,
    });
  });

  it('refuses what is no path', () => {
    expect(checkVariables({}, 'health').problem).toContain('begins with /');
  });
});
