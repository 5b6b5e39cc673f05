/** A deployment's log as it is written: its phases lead to their lines, its end stays in sight until somebody scrolls up. */
import type { LogLineView } from '@teal/contracts';
import { useDeferredValue, useMemo, useState } from 'react';
import { type DeploymentLog, useDeploymentLog } from '../api/log.ts';
import { findLines, plainFile } from '../view/search.ts';
import { PHASE_NAMES } from '../view/words.ts';
import classes from './Log.module.css';
import { LogText } from './LogLine.tsx';
import { LogTools } from './LogTools.tsx';
import { VirtualLines } from './VirtualLines.tsx';

const WORDS: Readonly<Record<DeploymentLog['state'], string>> = {
  connecting: 'connecting …',
  open: 'streaming',
  lost: 'connection lost, trying again …',
  ended: 'complete',
};
const textOf = (line: LogLineView) => line.text;

export interface LogProps {
  app: string;
  id: string;
  tall?: boolean;
  log?: DeploymentLog;
}

/** Reads the log itself. */
export function Log(props: LogProps) {
  return <LogView {...props} log={useDeploymentLog(props.app, props.id)} />;
}

export function LogView({ app, id, tall = false, log }: LogProps & { log: DeploymentLog }) {
  const { lines, state } = log;
  const [follow, setFollow] = useState(true);
  const [wrap, setWrap] = useState(true);
  const [search, setSearch] = useState('');
  const [target, setTarget] = useState<{ index: number } | null>(null);
  const wanted = useDeferredValue(search.trim().toLowerCase());
  const found = useMemo(() => findLines(lines, wanted, textOf), [lines, wanted]);
  const startMs = lines[0]?.at ?? 0;

  const goTo = (index: number) => {
    setFollow(false);
    setTarget({ index });
  };
  return (
    <section aria-label="Log" className={classes.log}>
      <LogTools
        follow={follow}
        onFollow={state === 'ended' ? null : setFollow}
        wrap={wrap}
        onWrap={setWrap}
        search={search}
        onSearch={setSearch}
        found={found}
        onGoTo={goTo}
        file={() => ({ name: `${app}-${id.slice(0, 19)}.log`, text: plainFile(lines, textOf) })}
      >
        <span>
          <span role="status" aria-label="Log state">
            {WORDS[state]}
          </span>
          {' · '}
          {lines.length === 1 ? '1 line' : `${lines.length.toLocaleString('en')} lines`}
        </span>
        <Anchors lines={lines} onGoTo={goTo} />
      </LogTools>
      <VirtualLines
        label="Log lines"
        count={lines.length}
        keyOf={(index) => lines[index]?.sequence ?? index}
        render={(index) => <Line line={lines[index]} startMs={startMs} search={wanted} />}
        follow={follow}
        onFollow={setFollow}
        target={target}
        wrap={wrap}
        tall={tall}
        empty={state === 'ended' ? 'Nothing was written.' : 'Waiting for the first line …'}
      />
    </section>
  );
}

function Line({ line, startMs, search }: { line: LogLineView | undefined; startMs: number; search: string }) {
  if (line === undefined) return null;
  return (
    <div className={`${classes.line} ${classes[line.source]}`}>
      <span className={classes.time}>{((line.at - startMs) / 1_000).toFixed(2)}</span>
      <span className={classes.source}>{line.source}</span>
      <LogText text={line.text} search={search} />
    </div>
  );
}

/** One button per phase that has lines; it leads to the first of them. */
function Anchors({ lines, onGoTo }: { lines: readonly LogLineView[]; onGoTo(index: number): void }) {
  const anchors = useMemo(() => phaseStarts(lines), [lines]);
  if (anchors.length < 2) return null;
  return (
    <nav aria-label="Phases in the log" className={classes.anchors}>
      {anchors.map(({ phase, index }) => (
        <button key={phase} type="button" onClick={() => onGoTo(index)}>
          {PHASE_NAMES[phase]}
        </button>
      ))}
    </nav>
  );
}

function phaseStarts(lines: readonly LogLineView[]): { phase: LogLineView['phase']; index: number }[] {
  const starts = new Map<LogLineView['phase'], number>();
  for (const [index, { phase }] of lines.entries()) if (!starts.has(phase)) starts.set(phase, index);
  return [...starts].map(([phase, index]) => ({ phase, index }));
}
