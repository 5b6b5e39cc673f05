/** Commits in words. */

/** As many digits as git shows, and as few as the API takes. */
const SHORT_LENGTH = 7;

export function shortCommit(commit: string): string {
  return commit.slice(0, SHORT_LENGTH);
}
