/** Commits in words. */

/** As many digits as git shows, and as few as the API takes. */
const SHORT_LENGTH = 7;

export function shortCommit(commit: string): string {
  return commit.slice(0, SHORT_LENGTH);
}

/** `Ada <ada@example.com>` → `Ada`; an author without a name stays whole. */
export function authorName(author: string): string {
  return author.replace(/^(.*\S)\s*<[^<>]*>$/, '$1');
}
