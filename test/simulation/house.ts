/** What a process and the watchdog see of the world they are in. */
import type { Logger } from '@teal/deployer';
import type { MemoryEngine } from './engine.ts';
import type { Mode } from './faults.ts';
import type { MemoryMail, MemorySource } from './outside.ts';
import type { MemoryQueue } from './queue.ts';
import type { MemoryRouter } from './router.ts';
import type { Scheduler } from './scheduler.ts';
import type { Database } from './store/database.ts';

/** A process, to those who watch it. */
export interface Caller {
  name: string;
  holder: string;
}

export interface Watching {
  issued(caller: Caller, label: string, args: unknown[]): string | null;
  performed(caller: Caller, label: string, call: { args: unknown[]; issuedUnder: string | null }): void;
}

export interface House<C extends Caller = Caller> {
  readonly scheduler: Scheduler;
  readonly database: Database;
  readonly engine: MemoryEngine;
  readonly router: MemoryRouter;
  readonly source: MemorySource;
  readonly mail: MemoryMail;
  readonly queue: MemoryQueue;
  readonly watchdog: Watching;
  readonly calls: number;
  outages: number;
  replyDelayMs(): number;
  isAlone(): boolean;
  routerIsUp(): boolean;
  newUuid(): string;
  logger(caller: Caller): Logger;
  nextCall(caller: C, label: string, args: unknown[]): Mode | null;
  died(caller: C): void;
}
