/** Live events of the platform: keeps every answer on show fresh, and says whether the connection stands. */
import { useQueryClient } from '@tanstack/react-query';
import { type ChangeEvent, changeEventSchema, EVENT_NAMES, paths, trafficEventSchema } from '@teal/contracts';
import { useEffect, useState } from 'react';
import { inBatches } from './batch.ts';
import { keys } from './keys.ts';
import { refreshAll, refreshChanged, refreshTraffic, refreshUsage } from './refresh.ts';
import { openStream, parseEvent, type StreamState } from './stream.ts';

/** Follows the platform's events while mounted. */
export function useLiveEvents(): StreamState {
  const client = useQueryClient();
  const [state, setState] = useState<StreamState>('connecting');

  useEffect(() => {
    const add = inBatches<ChangeEvent>((changes) => refreshChanged(client, changes));
    const stream = openStream({
      url: paths.events,
      events: {
        [EVENT_NAMES.change]: (data) => {
          const change = parseEvent(data, changeEventSchema);
          if (change !== null) add(change);
        },
        [EVENT_NAMES.traffic]: (data) => {
          const news = parseEvent(data, trafficEventSchema);
          if (news !== null) void refreshTraffic(client, news.appIds);
        },
        [EVENT_NAMES.usage]: () => void refreshUsage(client),
      },
      onState: (next) => {
        setState(next);
        if (next === 'open') void refreshAll(client);
        // an ended session looks like a lost connection until somebody asks
        if (next === 'lost') void client.invalidateQueries({ queryKey: keys.me });
      },
    });
    return () => stream.close();
  }, [client]);
  return state;
}
