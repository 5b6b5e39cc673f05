/** A long list of lines of which only those on the screen are in the page; keeps its end in sight while it is followed. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useLayoutEffect, useRef } from 'react';
import classes from './VirtualLines.module.css';

export interface VirtualLinesProps {
  /** How the list is called. */
  label: string;
  count: number;
  keyOf(index: number): number;
  render(index: number): ReactNode;
  follow: boolean;
  onFollow(follow: boolean): void;
  /** A line to bring into sight, once for each new object. */
  target: { index: number } | null;
  wrap: boolean;
  tall?: boolean;
  empty: string;
}

const LINE_PX = 20;
const OVERSCAN = 30;
const NEAR_END_PX = 40;
/** A scroll so soon after a wheel, a touch or a key is the user's own. */
const USERS_MS = 1_000;

export function VirtualLines({ label, count, target, follow, onFollow, wrap, ...rest }: VirtualLinesProps) {
  const view = useRef<HTMLDivElement>(null);
  const actedAt = useRef(0);
  const lines = useVirtualizer({
    count,
    getScrollElement: () => view.current,
    estimateSize: () => LINE_PX,
    getItemKey: rest.keyOf,
    overscan: OVERSCAN,
  });

  useLayoutEffect(() => {
    if (follow && count > 0) lines.scrollToIndex(count - 1, { align: 'end' });
  }, [follow, count, lines]);
  useEffect(() => {
    if (target !== null) lines.scrollToIndex(target.index, { align: 'center' });
  }, [target, lines]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: wrapped lines have other heights
  useEffect(() => lines.measure(), [wrap, lines]);

  const acted = () => {
    actedAt.current = performance.now();
  };
  const onScroll = () => {
    const element = view.current;
    if (element === null || performance.now() - actedAt.current > USERS_MS) return;
    onFollow(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX);
  };
  return (
    <div
      ref={view}
      role="log"
      aria-label={label}
      aria-live="off"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
      tabIndex={0}
      onScroll={onScroll}
      onWheel={acted}
      onTouchMove={acted}
      onPointerDown={acted}
      onKeyDown={acted}
      className={`${classes.view} ${rest.tall ? classes.tall : ''} ${wrap ? classes.wrap : ''}`}
    >
      {count === 0 && <p>{rest.empty}</p>}
      <div className={classes.lines} style={{ height: lines.getTotalSize() }}>
        <div style={{ transform: `translateY(${lines.getVirtualItems()[0]?.start ?? 0}px)` }}>
          {lines.getVirtualItems().map(({ key, index }) => (
            <div key={key} data-index={index} ref={lines.measureElement}>
              {rest.render(index)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
