import { describe, expect, it } from 'vitest';
import { authorName } from '../src/view/commit.ts';

describe('the name of an author', () => {
  it.each([
    ['Ada <ada@example.com>', 'Ada'],
    ['Ada Lovelace <>', 'Ada Lovelace'],
    ['<ada@example.com>', '<ada@example.com>'],
    ['ada', 'ada'],
    ['<b> <ada@example.com>', '<b>'],
  ])('%s is shown as %s', (author, name) => expect(authorName(author)).toBe(name));
});
