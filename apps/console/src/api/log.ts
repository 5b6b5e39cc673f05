/** The log of one deployment: what was written so far in one answer, then line by line as it is written. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { deploymentSchema, EVENT_NAMES, type LogLineView, logLineSchema, logSchema, paths } from '@teal/contracts';
import { useEffect, useState } from 'react';
import { ApiError, get } from './client.ts';
import { keys } from './keys.ts';
import { appendNumbered, gatherLines } from './linebuffer.ts';
import { openStream, parseEvent, type StreamState } from './stream.ts';

export interface DeploymentLog {
  lines: readonly LogLineView[];
  state: StreamState | 'ended';
}

/** Lines that arrive within this time are shown together. */
const FLUSH_MS = 40;
const RETRY_MS = 1_000;
const NOTHING: DeploymentLog = { lines: [], state: 'connecting' };

interface Follower {
  app: string;
  id: string;
  client: QueryClient;
  update(change: (log: DeploymentLog) => DeploymentLog): void;
}

/** Follows the log while mounted, until the deployment has ended. */
export function useDeploymentLog(app: string, id: string): DeploymentLog {
  const client = useQueryClient();
  const [log, setLog] = useState(NOTHING);

  useEffect(() => {
    setLog(NOTHING);
    const leaving = new AbortController();
    void readThenFollow({ app, id, client, update: setLog }, leaving.signal);
    return () => leaving.abort();
  }, [app, id, client]);
  return log;
}

async function readThenFollow(follower: Follower, signal: AbortSignal): Promise<void> {
  const { app, id, update } = follower;
  while (!signal.aborted) {
    try {
      const { lines, ended } = await get(paths.log(app, id), logSchema, signal);
      update(() => ({ lines, state: ended ? 'ended' : 'connecting' }));
      if (!ended) follow(follower, lines.at(-1)?.sequence ?? 0, signal);
      return;
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError && error.passing)) return;
      update((log) => ({ ...log, state: 'lost' }));
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function follow({ app, id, client, update }: Follower, known: number, signal: AbortSignal): void {
  let newest = known;
  const gathered = gatherLines<LogLineView>(
    (fresh) => update((log) => ({ ...log, lines: appendNumbered(log.lines, fresh) })),
    FLUSH_MS,
  );
  const stream = openStream({
    url: () => `${paths.logEvents(app, id)}?after=${newest}`,
    events: {
      [EVENT_NAMES.line]: (data) => {
        const line = parseEvent(data, logLineSchema);
        if (line === null) return;
        newest = Math.max(newest, line.sequence);
        gathered.add(line);
      },
      [EVENT_NAMES.ended]: (data) => {
        stream.close();
        gathered.close();
        update((log) => ({ ...log, state: 'ended' }));
        const ended = parseEvent(data, deploymentSchema);
        if (ended !== null) client.setQueryData(keys.deployment(app, id), ended);
      },
    },
    onState: (state) => update((log) => (log.state === 'ended' ? log : { ...log, state })),
  });
  signal.addEventListener('abort', () => {
    stream.close();
    gathered.close();
  });
}
