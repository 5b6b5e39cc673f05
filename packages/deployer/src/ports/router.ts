/** Port: the data plane. Adapters: packages/router. Writes are in force when the promise resolves. */
import type { AccessEntry, Address, Colour, Route, TrafficMinute } from '@teal/core';

export interface Member {
  instanceId: string;
  address: Address;
}

/** The routed members of one colour of an app; at any time of one release. */
export interface Pool {
  appId: string;
  colour: Colour;
  releaseId: string;
  /** Named in the answer to a proof request. */
  deploymentId: string;
  members: readonly Member[];
}

export interface ObservedApp {
  route: Route;
  hosts: readonly string[];
  pools: Readonly<Record<Colour, Pool | null>>;
}

/** What HTTPS serves a set of names with. */
export interface Certificate {
  id: string;
  /** Lower case; `*.example.org` stands for one label. */
  names: readonly string[];
  /** PEM: the certificate, then its issuers. */
  chainPem: string;
  keyPem: string;
}

export interface Router {
  /**
   * Replaces a pool's members in one step. Members left out get no new request; what they have in flight goes on and
   * still counts in `inFlight`. An empty list empties the pool.
   */
  setPool(pool: Pool): Promise<void>;
  /** The one atomic write of an app's route. */
  setRoute(appId: string, route: Route): Promise<void>;
  /** Host names (lower case, no port) that belong to the app; replaces the earlier ones. */
  setHosts(appId: string, hosts: readonly string[]): Promise<void>;
  /** The HTML (at most 64 KiB) that the app's visitors get with 503 during maintenance; null: the router's own page. */
  setMaintenancePage(appId: string, html: string | null): Promise<void>;
  removeApp(appId: string): Promise<void>;
  /**
   * Replaces what HTTPS is served with; connections that are open stay. The first one also serves names that none covers;
   * with an empty list every handshake fails. Does nothing on a router without HTTPS.
   */
  setCertificates(certificates: readonly Certificate[]): Promise<void>;
  /** Null when the router does not know the app. */
  observe(appId: string): Promise<ObservedApp | null>;
  listApps(): Promise<string[]>;
  /** Requests and WebSockets that these instances have in flight, whatever pool they are in. */
  inFlight(instanceIds: readonly string[]): Promise<{ requests: number; webSockets: number }>;
  /**
   * Resolves true once nothing is in flight; false at the deadline (`deadlineMs` for requests,
   * `webSocketDeadlineMs` for WebSockets, both from now) or when `signal` aborts.
   */
  drained(
    instanceIds: readonly string[],
    options: { deadlineMs: number; webSocketDeadlineMs: number; signal: AbortSignal },
  ): Promise<boolean>;
  /**
   * Calls `listener` with the traffic since the last call, a few seconds apart; figures of the same minute add up. What
   * happens while nobody listens is kept and told later. Stops when `signal` aborts.
   */
  watchTraffic(listener: (minutes: readonly TrafficMinute[]) => void, signal: AbortSignal): void;
  /** The app's last answered requests, oldest first; and the following ones when `follow`. */
  accessLog(
    appId: string,
    options: { tailLines: number; follow: boolean; signal?: AbortSignal },
  ): AsyncIterable<AccessEntry>;
  /** Where clients reach it over HTTP. */
  publicAddress(): Address;
  /** Where clients reach it over HTTPS; null without. */
  secureAddress(): Address | null;
  /** Lets go of the data plane. What outlives this process goes on serving. */
  close(): Promise<void>;
}
