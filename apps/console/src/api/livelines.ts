/** Endless streams of an app: the output of its instances, and its access log. */
import {
  type AccessEntryView,
  accessEntrySchema,
  EVENT_NAMES,
  type InstanceLogLine,
  instanceLogLineSchema,
  paths,
} from '@teal/contracts';
import { useEffect, useState } from 'react';
import type { Schema } from './client.ts';
import { appendBounded, gatherLines } from './linebuffer.ts';
import { openStream, parseEvent, type StreamState } from './stream.ts';

export interface LiveLines<T> {
  lines: readonly Numbered<T>[];
  state: StreamState;
}
/** `key` tells equal lines apart. */
export type Numbered<T> = T & { key: number };

const TAIL = 1_000;
const KEPT = 20_000;
const FLUSH_MS = 40;

export function useInstanceLog(app: string): LiveLines<InstanceLogLine> {
  return useLines(`${paths.instanceLogEvents(app)}?tail=${TAIL}`, instanceLogLineSchema);
}

export function useAccessLog(app: string): LiveLines<AccessEntryView> {
  return useLines(`${paths.accessLogEvents(app)}?tail=${TAIL}`, accessEntrySchema);
}

/** After a lost connection the stream's own tail takes the place of what was shown. */
function useLines<T extends object>(url: string, schema: Schema<T>): LiveLines<T> {
  const [log, setLog] = useState<LiveLines<T>>({ lines: [], state: 'connecting' });
  useEffect(() => {
    let key = 0;
    let isNew = true;
    setLog({ lines: [], state: 'connecting' });
    const gathered = gatherLines<Numbered<T>>((fresh) => {
      const startsAgain = isNew;
      isNew = false;
      setLog((old) => ({ ...old, lines: appendBounded(startsAgain ? [] : old.lines, fresh, KEPT) }));
    }, FLUSH_MS);
    const stream = openStream({
      url: () => url,
      events: {
        [EVENT_NAMES.line]: (data) => {
          const line = parseEvent(data, schema);
          if (line === null) return;
          key += 1;
          gathered.add({ ...line, key });
        },
      },
      onState: (state) => {
        if (state === 'open') isNew = true;
        setLog((old) => ({ ...old, state }));
      },
    });
    return () => {
      stream.close();
      gathered.close();
    };
  }, [url, schema]);
  return log;
}
