/** Port: the data plane. Adapters: packages/router. Writes are in force when the promise resolves. */
import type { Address, Colour, Route } from '@teal/core';

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
  removeApp(appId: string): Promise<void>;
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
  /** Where clients reach it. */
  publicAddress(): Address;
  close(): Promise<void>;
}
