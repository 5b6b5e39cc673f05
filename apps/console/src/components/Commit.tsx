/** A commit in one line: its short id and what its author said of it. */
import type { CommitView } from '@teal/contracts';
import { shortCommit } from '../view/commit.ts';
import classes from './Commit.module.css';
import { Quote } from './Quote.tsx';

export function Commit({ commit, wrap = false }: { commit: CommitView; wrap?: boolean }) {
  return (
    <span className={classes.commit}>
      <code title={commit.commit}>{shortCommit(commit.commit)}</code>
      <Quote text={commit.message} className={wrap ? classes.whole : classes.message} />
    </span>
  );
}
