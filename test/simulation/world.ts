/** Everything that survives a process of Teal, the processes themselves, and the faults that befall them. */
import type { Logger } from '@teal/deployer';
import { type EngineState, MemoryEngine } from './engine.ts';
import type { Fault, Mode } from './faults.ts';
import type { Caller } from './house.ts';
import { MemoryMail, MemorySource, type Repository, type SentMail } from './outside.ts';
import { type Program, program } from './programs.ts';
import { MemoryQueue } from './queue.ts';
import { MemoryRouter, type RouterState } from './router.ts';
import { Scheduler } from './scheduler.ts';
import { copyTables, Database, type Tables } from './store/database.ts';
import { storeOn } from './store/store.ts';
import { Teal } from './teal.ts';
import { Watchdog } from './watchdog.ts';

export interface Snapshot {
  nowMs: number;
  uuids: number;
  tables: Tables;
  sequence: number;
  engine: EngineState;
  router: RouterState;
  repositories: Map<string, Repository>;
  mails: SentMail[];
  programs: Map<string, Program>;
}

export interface WorldOptions {
  /** How many processes share it; each is started again when it dies. */
  processes?: number;
  /** The router lives in the process and forgets all when that dies. */
  router?: 'survives' | 'dies';
  faults?: readonly Fault[];
  from?: Snapshot;
}

/** From the death of a process to its next start. */
const RESTART_MS = 1_000;

export class World {
  readonly scheduler = new Scheduler();
  readonly database: Database;
  readonly engine: MemoryEngine;
  readonly router: MemoryRouter;
  readonly source = new MemorySource();
  readonly mail = new MemoryMail();
  readonly queue: MemoryQueue;
  readonly programs = new Map<string, Program>();
  readonly watchdog: Watchdog;
  readonly options: Required<Omit<WorldOptions, 'from' | 'faults'>>;
  readonly tealOf = new Map<string, Teal>();
  /** Looked at once more after the next turn. */
  readonly watchers = new Set<() => void>();
  /** Calls so far, and how many faults have struck. */
  calls = 0;
  struck = 0;
  /** Calls that had no answer: what was begun with one of them comes again. */
  outages = 0;
  faults: Map<number, Mode>;
  /** Called with each call's label, when set. */
  trace: ((label: string, teal: Teal) => void) | null = null;
  replyDelayMs: () => number = () => 0;
  /** By how much somebody has set the clock of the machine, which database and processes read. */
  skewMs = 0;
  #uuids = 0;

  constructor({ processes = 1, router = 'survives', faults = [], from }: WorldOptions = {}) {
    this.options = { processes, router };
    this.faults = new Map(faults.map(({ call, mode }) => [call, mode]));
    this.database = new Database({
      now: () => new Date(this.scheduler.nowMs + this.skewMs),
      emit: (event) => {
        for (const teal of this.tealOf.values()) if (teal.isAlive()) teal.tell(event);
      },
    });
    const programOf = (commit: string) => this.programs.get(commit) ?? program();
    this.engine = new MemoryEngine({ scheduler: this.scheduler, programOf });
    this.router = new MemoryRouter(this.scheduler);
    this.queue = new MemoryQueue({
      in: (ms, run) =>
        ms === 0
          ? this.scheduler.post({ owner: null, label: 'queue', run })
          : void this.scheduler.in(ms, { owner: null, label: 'queue', run }),
    });
    if (from !== undefined) this.#restore(from);
    this.watchdog = new Watchdog(this);
    this.scheduler.afterTurn = (label) => {
      this.watchdog.look(label);
      const watchers = [...this.watchers];
      this.watchers.clear();
      for (const look of watchers) look();
      return watchers.length > 0;
    };
  }

  snapshot(): Snapshot {
    return {
      nowMs: this.scheduler.nowMs,
      uuids: this.#uuids,
      tables: copyTables(this.database.tables),
      sequence: this.database.sequence,
      engine: this.engine.copyState(),
      router: this.router.copyState(),
      repositories: new Map(this.source.repositories),
      mails: this.mail.sent,
      programs: new Map(this.programs),
    };
  }

  #restore(from: Snapshot): void {
    this.scheduler.nowMs = from.nowMs;
    this.#uuids = from.uuids;
    this.database.tables = copyTables(from.tables);
    this.database.sequence = from.sequence;
    const { boxes, places, images, apps, nextPort } = from.engine;
    this.engine.state = {
      boxes: new Map(boxes),
      places: new Map(places),
      images: new Map(images),
      apps: new Set(apps),
      nextPort,
    };
    if (this.options.router === 'survives')
      this.router.state = { apps: new Map(from.router.apps), lastRoutedMs: new Map(from.router.lastRoutedMs) };
    this.source.repositories = new Map(from.repositories);
    this.mail.sent = from.mails;
    for (const [commit, entry] of from.programs) this.programs.set(commit, entry);
  }

  isAlone(): boolean {
    return this.options.processes === 1;
  }

  newUuid(): string {
    this.#uuids += 1;
    return `00000000-0000-4000-8000-${String(this.#uuids).padStart(12, '0')}`;
  }

  logger(teal: Caller): Logger {
    const write = (level: string) => (facts: object, message: string) =>
      this.onLog?.(`${teal.name} ${level}`, facts, message);
    return { info: write('info'), warn: write('warn'), error: write('error') };
  }
  onLog: ((who: string, facts: object, message: string) => void) | null = null;

  /** Counts a call and tells what befalls it. */
  nextCall(teal: Teal, label: string, _args: unknown[]): Mode | null {
    this.calls += 1;
    this.trace?.(label, teal);
    const fault = this.faults.get(this.calls) ?? null;
    if (fault !== null) this.struck += 1;
    return fault;
  }

  boot(name: string): Teal {
    const teal = new Teal(this, name);
    this.tealOf.set(name, teal);
    teal.start().catch((error) => {
      // A start that fails ends the process; whoever watches over it starts it again.
      this.onLog?.(name, { err: error }, 'did not start');
      teal.kill();
    });
    return teal;
  }

  bootAll(): void {
    for (let n = 1; n <= this.options.processes; n += 1) this.boot(`teal-${n}`);
  }

  died(teal: Teal): void {
    if (this.options.router === 'dies') this.router.lose();
    this.queue.lookForStalled();
    this.scheduler.in(RESTART_MS, { owner: null, label: 'restart', run: () => void this.boot(teal.name) });
  }

  /** One that lives in the process takes requests only when it has every route. */
  routerIsUp(): boolean {
    return this.options.router === 'survives' || [...this.tealOf.values()].some((teal) => teal.isAlive() && teal.ready);
  }

  /** A process that takes requests. */
  ready(): Teal | null {
    for (const teal of this.tealOf.values()) if (teal.ready && teal.isAlive() && !teal.isFrozen()) return teal;
    return null;
  }

  /** What the roll-out of a base image asks for. */
  async askForUpdate(appId: string): Promise<void> {
    const { tables } = this.database;
    const release = tables.releases.get(tables.apps.get(appId)?.liveReleaseId ?? '');
    if (release === undefined) return;
    const { deployments } = storeOn(this.database);
    const asked = { trigger: 'platform-update', requestedBy: 'platform', branch: 'main', releaseId: null } as const;
    await deployments.request({ ...asked, id: `deployment_${this.newUuid()}`, appId, commit: release.commit });
    this.queue.add(appId);
  }

  /** A live instance is gone, as after a reboot; until the platform has started it again nothing can serve. */
  async bereave(appId: string): Promise<void> {
    const { tables } = this.database;
    const live = tables.apps.get(appId)?.liveReleaseId;
    const row = [...tables.instances.values()].find(
      ({ releaseId, state }) => releaseId === live && state === 'running',
    );
    if (row?.ref == null) return;
    this.watchdog.bereaved.add(appId);
    this.engine.state.boxes.delete(row.ref);
    this.engine.version += 1;
  }

  /** Runs until `holds`, for `limitMs` at most; whether it held. */
  async runUntil(holds: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.scheduler.nowMs + limitMs;
    await this.scheduler.settle();
    while (!holds()) if (!(await this.scheduler.step(endMs))) return holds();
    return true;
  }
}
