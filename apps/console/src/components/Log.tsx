/** A deployment's log as it is written; follows its end until somebody scrolls up. */
import { Button } from '@mantine/core';
import { useLayoutEffect, useRef, useState } from 'react';
import { type DeploymentLog, useDeploymentLog } from '../api/log.ts';
import { BLOCK_LINES } from '../api/logbuffer.ts';
import classes from './Log.module.css';
import { LogBlock } from './LogBlock.tsx';

/** As many blocks are in the page at first, and as many more with each wish for earlier lines. */
const SHOWN_BLOCKS = 20;
const NEAR_END_PX = 32;
const WORDS: Readonly<Record<DeploymentLog['state'], string>> = {
  connecting: 'connecting …',
  open: 'streaming',
  lost: 'connection lost, trying again …',
  ended: 'complete',
};

export function Log({ app, id, tall = false }: { app: string; id: string; tall?: boolean }) {
  const log = useDeploymentLog(app, id);
  const view = useRef<HTMLDivElement>(null);
  const [follow, setFollow] = useState(true);
  const [shown, setShown] = useState(SHOWN_BLOCKS);
  const blocks = log.blocks.slice(-shown);
  const hidden = (log.blocks.length - blocks.length) * BLOCK_LINES;
  const startMs = log.blocks[0]?.[0]?.at ?? 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: every new line moves the end
  useLayoutEffect(() => {
    if (follow && view.current !== null) view.current.scrollTop = view.current.scrollHeight;
  }, [follow, log.count]);

  const onScroll = () => {
    const element = view.current;
    if (element !== null) setFollow(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX);
  };
  return (
    <section aria-label="Log" className={classes.log}>
      <header className={classes.header}>
        <span role="status" aria-label="Log state">
          {WORDS[log.state]}
        </span>
        <span>{log.count === 1 ? '1 line' : `${log.count} lines`}</span>
        {log.state !== 'ended' && (
          <Button
            size="compact-xs"
            variant={follow ? 'filled' : 'default'}
            aria-pressed={follow}
            onClick={() => setFollow(!follow)}
          >
            Follow
          </Button>
        )}
      </header>
      <div
        ref={view}
        role="log"
        aria-label="Log lines"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
        tabIndex={0}
        onScroll={onScroll}
        className={tall ? classes.tall : classes.lines}
      >
        {hidden > 0 && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => {
              setFollow(false);
              setShown(shown + SHOWN_BLOCKS);
            }}
          >
            Show earlier lines ({hidden} more)
          </Button>
        )}
        {blocks.map((lines) => (
          <LogBlock key={lines[0]?.sequence} lines={lines} startMs={startMs} />
        ))}
        {log.count === 0 && <p>{log.state === 'ended' ? 'Nothing was written.' : 'Waiting for the first line …'}</p>}
      </div>
    </section>
  );
}
