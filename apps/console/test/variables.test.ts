import { expect, it } from 'vitest';
import { diffVariables, parseVariables, variablesText } from '../src/view/variables.ts';

it('reads its own text back, whatever the values hold', () => {
  const variables = { A: 'plain=with=equals', B: 'two\nlines', C: '"quoted"', D: ' spaces ', E: '', F: '#no comment' };
  expect(parseVariables(variablesText(variables))).toEqual({ variables, problem: null });
});

it('leaves comments and empty lines out, and names a line that it cannot read', () => {
  expect(parseVariables('# a comment\n\nA=1\n').variables).toEqual({ A: '1' });
  expect(parseVariables('A=1\nno assignment').problem).toContain('Line 2');
  expect(parseVariables('1A=1').problem).toContain('Line 1');
});

it('tells what a change would do by names alone', () => {
  expect(diffVariables({ A: '1', B: '2', C: '3' }, { A: '1', B: 'x', D: '4' })).toEqual({
    added: ['D'],
    changed: ['B'],
    removed: ['C'],
  });
});
