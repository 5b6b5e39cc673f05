/** The lines of one deployment's log as they arrive, in blocks that never change once full. */
import type { LogLineView } from '@teal/contracts';

export interface LogSnapshot {
  /** All full but the last; a block keeps its identity as long as its lines are the same. */
  blocks: readonly (readonly LogLineView[])[];
  count: number;
}

export const BLOCK_LINES = 100;
export const EMPTY_LOG: LogSnapshot = Object.freeze({ blocks: [], count: 0 });

/** The snapshot with `lines` behind it; lines already there (a stream that began again) are dropped. */
export function appendLines(log: LogSnapshot, lines: readonly LogLineView[]): LogSnapshot {
  let newest = log.blocks.at(-1)?.at(-1)?.sequence ?? 0;
  const fresh = lines.filter(({ sequence }) => {
    const isNew = sequence > newest;
    if (isNew) newest = sequence;
    return isNew;
  });
  if (fresh.length === 0) return log;
  const last = log.blocks.at(-1);
  const open = last !== undefined && last.length < BLOCK_LINES ? last : [];
  const blocks = open.length > 0 ? log.blocks.slice(0, -1) : [...log.blocks];
  const tail = [...open, ...fresh];
  for (let start = 0; start < tail.length; start += BLOCK_LINES) blocks.push(tail.slice(start, start + BLOCK_LINES));
  return { blocks, count: log.count + fresh.length };
}
