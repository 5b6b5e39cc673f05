/** A block of log lines; drawn once and never again while its lines stay the same. */
import type { LogLineView } from '@teal/contracts';
import { memo } from 'react';
import { parseAnsi, type Style } from '../view/ansi.ts';
import classes from './LogBlock.module.css';

export interface LogBlockProps {
  lines: readonly LogLineView[];
  /** The time of the log's first line, in milliseconds since 1970. */
  startMs: number;
}

export const LogBlock = memo(function LogBlock({ lines, startMs }: LogBlockProps) {
  return (
    <div className={classes.block}>
      {lines.map((line) => (
        <div key={line.sequence} className={`${classes.line} ${classes[line.source]}`}>
          <span className={classes.time}>{((line.at - startMs) / 1_000).toFixed(2)}</span>
          <span className={classes.source}>{line.source}</span>
          <bdi className={classes.text}>
            {parseAnsi(line.text).map(({ text, style }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line's pieces never change
              <span key={index} className={styleClasses(style)}>
                {text}
              </span>
            ))}
          </bdi>
        </div>
      ))}
    </div>
  );
});

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
