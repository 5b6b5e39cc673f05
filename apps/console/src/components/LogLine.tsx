/** A line as a terminal shows it, with the places that a search found marked. */
import { memo, type ReactNode } from 'react';
import { type Piece, parseAnsi, type Style } from '../view/ansi.ts';
import classes from './LogLine.module.css';

export const LogText = memo(function LogText({ text, search }: { text: string; search: string }) {
  return (
    <bdi className={classes.text}>
      {parseAnsi(text).map((piece, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line's pieces never change
        <span key={index} className={styleClasses(piece.style)}>
          {marked(piece, search)}
        </span>
      ))}
    </bdi>
  );
});

/** What lies across two colours is found by the search and not marked. */
function marked({ text }: Piece, search: string): ReactNode {
  if (search === '') return text;
  const parts: ReactNode[] = [];
  const plain = text.toLowerCase();
  let from = 0;
  for (let at = plain.indexOf(search); at >= 0; at = plain.indexOf(search, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + search.length)}</mark>);
    from = at + search.length;
  }
  return [...parts, text.slice(from)];
}

function styleClasses(style: Style): string | undefined {
  const names = [
    style.colour !== null && classes[style.colour],
    style.ground !== null && `${classes.grounded} ${classes[`on-${style.ground}`]}`,
    style.bold && classes.bold,
    style.dim && classes.dim,
    style.italic && classes.italic,
    style.underline && classes.underline,
  ].filter(Boolean);
  return names.length === 0 ? undefined : names.join(' ');
}
