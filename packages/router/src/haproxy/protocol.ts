/** What Teal and the supervisor say to each other over the control socket: one JSON object a line. Opens no connection. */
import type { AccessEntry, Address, Route, TrafficMinute } from '@teal/core';
import type { Certificate, ObservedApp, Pool } from '@teal/deployer';
import type { Limits } from '../limits.ts';
import type { TableDump } from './table.ts';

/** Raised whenever a supervisor of before could not do what is asked of it now: it is replaced then. */
export const PROTOCOL = 3;

/** What a supervisor is started with; it reads them from a file, as arguments can be seen by everybody. */
export interface SupervisorOptions {
  protocol: number;
  /** Digest of the settings below: another one asks for another supervisor. */
  settings: string;
  host: string;
  port: number;
  securePort: number | null;
  binary: string;
  /** Folder of configuration, certificates and access log. */
  stateDir: string;
  /** Folder of the sockets. */
  socketDir: string;
  /** User and group that HAProxy runs as; null leaves them. */
  runAs: { user: string; group: string; gid: number } | null;
  threads: number;
  /** Pool pairs at least kept ready. */
  minSlots: number;
  limits: Limits;
  /** Names of the header that proves, and of the one that answers. */
  proofHeaders: { request: string; answer: string };
}

export interface Calls {
  /** Null while it does not serve. */
  hello: { args: { proofDigest: string }; value: Hello };
  /** Answered at once by a process that is not stuck. */
  ping: { args: Record<string, never>; value: null };
  fill: { args: TableDump; value: null };
  dump: { args: Record<string, never>; value: TableDump };
  listen: { args: Record<string, never>; value: null };
  setPool: { args: { pool: Pool }; value: null };
  setRoute: { args: { appId: string; route: Route }; value: null };
  setHosts: { args: { appId: string; hosts: readonly string[] }; value: null };
  setMaintenancePage: { args: { appId: string; html: string | null }; value: null };
  removeApp: { args: { appId: string }; value: null };
  setCertificates: { args: { certificates: readonly Certificate[] }; value: null };
  observe: { args: { appId: string }; value: ObservedApp | null };
  listApps: { args: Record<string, never>; value: string[] };
  inFlight: { args: { instanceIds: readonly string[] }; value: { requests: number; webSockets: number } };
  drained: {
    args: { instanceIds: readonly string[]; deadlineMs: number; webSocketDeadlineMs: number };
    value: boolean;
  };
  /** Answered when the reading is over; entries come before as `part`. */
  accessLog: { args: { appId: string; tailLines: number; follow: boolean }; value: null };
  /** Never answered before it is aborted; minutes come as `part`. */
  watchTraffic: { args: Record<string, never>; value: null };
  /** Requests that are in no figures and in no access log, since the supervisor began. */
  losses: { args: Record<string, never>; value: number };
  /** Stops HAProxy softly, then ends; answered at once. */
  retire: { args: Record<string, never>; value: null };
  /** Ends HAProxy and the supervisor now. */
  shutdown: { args: Record<string, never>; value: null };
}

export type CallName = keyof Calls;

export interface Hello {
  protocol: number;
  settings: string;
  address: Address;
  secureAddress: Address | null;
  serving: boolean;
}

/** `abort` ends the call of that id. */
export type Ask = { id: number; call: CallName; args: object } | { abort: number };

export type Reply =
  | { id: number; value: unknown }
  | { id: number; part: AccessEntry[] | TrafficMinute[] }
  | { id: number; error: { code: string | null; facts: Record<string, string | number>; message: string } };

/** Cuts what comes into lines; `take` gets each without its end. */
export function lineReader(take: (line: string) => void): (chunk: Buffer) => void {
  let kept: Buffer[] = [];
  return (chunk) => {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      const piece = chunk.subarray(from, end);
      const line = kept.length === 0 ? piece : Buffer.concat([...kept, piece]);
      kept = [];
      from = end + 1;
      take(line.toString('utf8'));
    }
    if (from < chunk.length) kept.push(chunk.subarray(from));
  };
}
