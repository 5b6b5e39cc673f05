/** Reads the text of a commit object: tree, author, subject. A pure function. */
import { type CommitFacts, cleanLine } from '@teal/core';

const AUTHOR_MAX_CHARACTERS = 300;
const SUBJECT_MAX_CHARACTERS = 500;

/** What the commit object `content` with id `commit` says; the author reads "Name <mail>", the message is its subject. */
export function commitFacts(commit: string, content: Buffer): CommitFacts {
  const text = content.toString('utf8');
  const blank = text.indexOf('\n\n');
  const headers = blank < 0 ? text : text.slice(0, blank);
  const tree = /^tree ([0-9a-f]{40,64})$/m.exec(headers)?.[1] ?? '';
  const author = /^author (.*?)(?: -?\d+ [+-]?\d+)?$/m.exec(headers)?.[1] ?? '';
  return {
    commit,
    tree,
    author: cleanLine(author).slice(0, AUTHOR_MAX_CHARACTERS),
    message: subject(blank < 0 ? '' : text.slice(blank + 2)),
  };
}

/** The first paragraph on one line, as `git log --format=%s` shows it. */
function subject(message: string): string {
  const paragraph = message.replace(/^\s+/, '').split(/\n\s*\n/, 1)[0] ?? '';
  return cleanLine(paragraph.replace(/\s*\n\s*/g, ' ').trim()).slice(0, SUBJECT_MAX_CHARACTERS);
}
