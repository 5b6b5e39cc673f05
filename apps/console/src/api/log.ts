/** The log of one deployment, line by line as it is written. */
import { useQueryClient } from '@tanstack/react-query';
import { deploymentSchema, EVENT_NAMES, type LogLineView, logLineSchema, paths } from '@teal/contracts';
import { useEffect, useState } from 'react';
import { keys } from './keys.ts';
import { appendLines, EMPTY_LOG, type LogSnapshot } from './logbuffer.ts';
import { openStream, parseEvent, type StreamState } from './stream.ts';

export interface DeploymentLog extends LogSnapshot {
  state: StreamState | 'ended';
}

/** Lines that arrive within this time are shown together. */
const FLUSH_MS = 40;
/** After so many at once a longer pause keeps the page answering while a long log comes in. */
const BURST_LINES = 500;
const BURST_FLUSH_MS = 1_000;
const NOTHING: DeploymentLog = { ...EMPTY_LOG, state: 'connecting' };

/** Follows the log while mounted, until the deployment has ended. */
export function useDeploymentLog(app: string, id: string): DeploymentLog {
  const client = useQueryClient();
  const [log, setLog] = useState(NOTHING);

  useEffect(() => {
    let waiting: LogLineView[] = [];
    let newest = 0;
    let pauseMs = FLUSH_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const lines = waiting;
      waiting = [];
      pauseMs = lines.length > BURST_LINES ? BURST_FLUSH_MS : FLUSH_MS;
      setLog((old) => ({ ...appendLines(old, lines), state: old.state }));
    };
    setLog(NOTHING);
    const stream = openStream({
      url: () => (newest === 0 ? paths.logEvents(app, id) : `${paths.logEvents(app, id)}?after=${newest}`),
      events: {
        [EVENT_NAMES.line]: (data) => {
          const line = parseEvent(data, logLineSchema);
          if (line === null) return;
          newest = Math.max(newest, line.sequence);
          waiting.push(line);
          timer ??= setTimeout(flush, pauseMs);
        },
        [EVENT_NAMES.ended]: (data) => {
          stream.close();
          clearTimeout(timer);
          flush();
          setLog((old) => ({ ...old, state: 'ended' }));
          const ended = parseEvent(data, deploymentSchema);
          if (ended !== null) client.setQueryData(keys.deployment(app, id), ended);
        },
      },
      onState: (state) => setLog((old) => (old.state === 'ended' ? old : { ...old, state })),
    });
    return () => {
      stream.close();
      clearTimeout(timer);
    };
  }, [app, id, client]);
  return log;
}
