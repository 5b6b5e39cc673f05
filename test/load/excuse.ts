/** Which failures follow from what was killed, by nature, and are told apart from losses. Pure; the rules are all here. */
import type { RequestRecord } from './record.ts';
import type { Outage } from './timeline.ts';

export const EXCUSES = ['in_flight_of_killed', 'in_flight_of_killed_router', 'while_router_down'] as const;
export type Excuse = (typeof EXCUSES)[number];

/** From a connection breaking to this process having read of it, on a busy machine. */
const NEWS_MS = 1_000;

/** The connection ended before an answer began, or in the middle of one. */
function isCut({ failure, status }: RequestRecord): boolean {
  return failure !== null && (status === null || status === 200 || status === 101);
}

/** HAProxy says so by closing a connection that it has answered on before; what may run twice it has tried again by then. */
function wasBrokenOff({ status, kind, reused, failure }: RequestRecord): boolean {
  const isClosed = status === null && failure !== null && reused;
  return status === 502 || (isClosed && (kind === 'post' || kind === 'upload'));
}

function excuseBy(record: RequestRecord, outage: Outage): Excuse | null {
  const { from, to } = outage;
  switch (outage.kind) {
    case 'instance': {
      // In flight when it died: begun while it lived, not ended before.
      if (record.startedAt > to || record.endedAt < from) return null;
      // An answer that never began has no name: only the router's word that the instance broke off stands for it.
      const wasOnIt = record.instance === null ? wasBrokenOff(record) : record.instance === outage.instance;
      return wasOnIt ? 'in_flight_of_killed' : null;
    }
    case 'carrier': {
      // A connection asked for after the death is its successor's affair, and one refused is nobody's. The kernel makes and
      // the dying process takes a connection before a busy client sees that it stands.
      const { openedAt, connectedAt } = record;
      const wasOnIt = openedAt !== null && connectedAt !== null && openedAt <= to && record.endedAt >= from;
      return wasOnIt && isCut(record) && record.startedAt <= to + NEWS_MS ? 'in_flight_of_killed_router' : null;
    }
    case 'closed':
      // What began before the platform was told to stop has to be answered; a page instead of a refusal is a loss.
      return isCut(record) && meetsClosed(record, from, to) ? 'while_router_down' : null;
  }
}

function meetsClosed({ startedAt, connectedAt, endedAt }: RequestRecord, from: number, to: number): boolean {
  if (startedAt >= from) return startedAt <= to;
  return connectedAt === null && endedAt >= from;
}

/** Null: the request is lost. */
export function excuseOf(record: RequestRecord, outages: readonly Outage[]): Excuse | null {
  for (const outage of outages) {
    const excuse = excuseBy(record, outage);
    if (excuse !== null) return excuse;
  }
  return null;
}
