/** What an app's instances write, and who asks it for what: both as it happens, with a search. */
import type { AccessEntryView, InstanceLogLine } from '@teal/contracts';
import { type ReactNode, useDeferredValue, useMemo, useState } from 'react';
import { NavLink, useSearchParams } from 'react-router';
import { type LiveLines, type Numbered, useAccessLog, useInstanceLog } from '../api/livelines.ts';
import { LogText } from '../components/LogLine.tsx';
import { LogTools } from '../components/LogTools.tsx';
import { VirtualLines } from '../components/VirtualLines.tsx';
import { useTitle } from '../hooks/title.ts';
import { findLines, plainFile } from '../view/search.ts';
import { useFramedApp } from './AppFrame.tsx';
import classes from './Logs.module.css';
import page from './Page.module.css';

export function Logs() {
  const app = useFramedApp();
  useTitle(`Logs of ${app.name}`);
  const [query] = useSearchParams();
  const isAccess = query.get('of') === 'requests';
  return (
    <div className={page.page}>
      <header>
        <h1>Logs</h1>
        <p>
          {isAccess ? 'Every request and its answer, as they come.' : 'What the live instances write, line by line.'}
        </p>
      </header>
      <nav aria-label="Kinds of logs" className={classes.kinds}>
        <NavLink to="?" aria-current={isAccess ? undefined : 'page'} className={isAccess ? undefined : classes.chosen}>
          Instances
        </NavLink>
        <NavLink
          to="?of=requests"
          aria-current={isAccess ? 'page' : undefined}
          className={isAccess ? classes.chosen : undefined}
        >
          Requests
        </NavLink>
      </nav>
      {isAccess ? <AccessLog app={app.name} /> : <InstanceLog app={app.name} />}
    </div>
  );
}

const outputText = (line: InstanceLogLine) => line.text;
const accessText = (entry: AccessEntryView) =>
  `${entry.at} ${entry.status} ${entry.method} ${entry.host}${entry.path} ${Math.round(entry.durationMs)} ms ${entry.clientHost} ${entry.colour ?? 'router'}`;

function InstanceLog({ app }: { app: string }) {
  const log = useInstanceLog(app);
  const [chosen, setChosen] = useState<number | null>(null);
  const numbers = useMemo(() => [...new Set(log.lines.map(({ number }) => number))].sort((a, b) => a - b), [log.lines]);
  const lines = useMemo(
    () => (chosen === null ? log.lines : log.lines.filter(({ number }) => number === chosen)),
    [log.lines, chosen],
  );
  return (
    <LiveLog
      name={`${app}-instances`}
      log={{ ...log, lines }}
      textOf={outputText}
      empty="Nothing yet. What the app writes to its standard output and error appears here."
      row={(line, search) => (
        <>
          <span className={classes.lead}>#{line.number}</span>
          <LogText text={line.text} search={search} />
        </>
      )}
    >
      {numbers.length > 1 && (
        <select
          aria-label="Instance"
          value={chosen ?? ''}
          onChange={({ currentTarget: { value } }) => setChosen(value === '' ? null : Number(value))}
        >
          <option value="">All instances</option>
          {numbers.map((number) => (
            <option key={number} value={number}>
              Instance {number}
            </option>
          ))}
        </select>
      )}
    </LiveLog>
  );
}

function AccessLog({ app }: { app: string }) {
  return (
    <LiveLog
      name={`${app}-requests`}
      log={useAccessLog(app)}
      textOf={accessText}
      empty="No requests yet. Open the app's address, and they appear here."
      row={(entry, search) => <LogText text={accessText(entry)} search={search} />}
    />
  );
}

interface LiveLogProps<T> {
  name: string;
  log: LiveLines<T>;
  textOf(line: T): string;
  row(line: Numbered<T>, search: string): ReactNode;
  empty: string;
  children?: ReactNode;
}

const STATES = { connecting: 'connecting …', open: 'live', lost: 'connection lost, trying again …' } as const;

function LiveLog<T extends object>({ name, log, textOf, row, empty, children }: LiveLogProps<T>) {
  const { lines, state } = log;
  const [follow, setFollow] = useState(true);
  const [wrap, setWrap] = useState(true);
  const [search, setSearch] = useState('');
  const [target, setTarget] = useState<{ index: number } | null>(null);
  const wanted = useDeferredValue(search.trim().toLowerCase());
  const found = useMemo(() => findLines<Numbered<T>>(lines, wanted, textOf), [lines, wanted, textOf]);
  return (
    <section aria-label="Log" className={classes.log}>
      <LogTools
        follow={follow}
        onFollow={setFollow}
        wrap={wrap}
        onWrap={setWrap}
        search={search}
        onSearch={setSearch}
        found={found}
        onGoTo={(index) => {
          setFollow(false);
          setTarget({ index });
        }}
        file={() => ({ name: `${name}.log`, text: plainFile(lines, textOf) })}
      >
        <span role="status" aria-label="Log state">
          {STATES[state]}
        </span>
        {children}
      </LogTools>
      <VirtualLines
        label="Log lines"
        count={lines.length}
        keyOf={(index) => lines[index]?.key ?? index}
        render={(index) => {
          const line = lines[index];
          return line === undefined ? null : <div className={classes.line}>{row(line, wanted)}</div>;
        }}
        follow={follow}
        onFollow={setFollow}
        target={target}
        wrap={wrap}
        tall
        empty={empty}
      />
    </section>
  );
}
