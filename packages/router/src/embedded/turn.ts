/** Finds one request its member: at once, or after a wait in the line of its app. Sends nothing. */
import type { Limits } from '../limits.ts';
import type { Flights, Leave } from './flight.ts';
import { type Choice, choose, type RoutedApp, type Settled } from './table.ts';
import type { Upstream } from './upstream.ts';

export interface TurnEvents {
  /** Called for every {@link Turn.take}, now or later; not after the wait was too long or was left. */
  settled(choice: Settled): void;
  /** The wait was too long. */
  late(): void;
}

export class Turn {
  readonly #app: RoutedApp;
  readonly #limits: Limits;
  readonly #events: TurnEvents;
  /** Members that could not be connected to. */
  readonly #refused = new Set<Upstream>();
  /** Over all its waits. */
  #waitsUntil: number | null = null;
  #leaveLine: () => void = () => {};

  constructor(app: RoutedApp, limits: Limits, events: TurnEvents) {
    this.#app = app;
    this.#limits = limits;
    this.#events = events;
  }

  /** True when every member that is left was tried in vain. */
  get hasRefusals(): boolean {
    return this.#refused.size > 0;
  }

  /** The first time: those who wait already go first. */
  begin(): void {
    if (this.#app.line.isEmpty) this.take();
    else this.#wait();
  }

  /** Chosen anew for every try: after a flip the next one goes to the new pool. */
  take(): void {
    const choice = this.#choose();
    if (choice.kind === 'busy') this.#wait();
    else this.#events.settled(choice);
  }

  /** This member could not be connected to: others first, for this request and for a while for all. */
  missed(upstream: Upstream): void {
    upstream.missed(this.#limits.memberDownMs);
    this.#refused.add(upstream);
  }

  /** Ends a wait. */
  leave(): void {
    this.#leaveLine();
  }

  /** Takes a place at a member, and counts the request there, until the returned function is called. */
  enter(upstream: Upstream, flights: Flights): Leave {
    const leaveFlight = flights.enterRequest(upstream.instanceId);
    const leavePlace = upstream.take(this.#limits.memberDownMs);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      leavePlace();
      // Before the count goes down, so that it is never nothing while somebody waits.
      this.#app.line.advance();
      leaveFlight();
    };
  }

  #choose(): Choice {
    return choose(this.#app, { tried: this.#refused, maxRequests: this.#limits.maxRequestsPerMember });
  }

  #wait(): void {
    const now = performance.now();
    this.#waitsUntil ??= now + this.#limits.queueTimeoutMs;
    // After a wait any member may do: all who wait are alike, so that the first never stands in the way of others.
    this.#refused.clear();
    this.#leaveLine = this.#app.line.join({
      timeoutMs: Math.max(0, this.#waitsUntil - now),
      go: () => {
        const choice = this.#choose();
        if (choice.kind === 'busy') return false;
        this.#leaveLine();
        this.#events.settled(choice);
        return true;
      },
      late: () => this.#events.late(),
    });
  }
}
