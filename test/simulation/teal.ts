/** One process of the platform: the real deployer on ports whose every call can be its last. Stands in for the composition root. */
import { DEFAULT_RETENTION, DEFAULT_TIMING, formatId, hostsOf, type Timing } from '@teal/core';
import { type Clock, type Context, createDeployer, type Deployer, type Store, type StoreEvent } from '@teal/deployer';
import { Outage } from './faults.ts';
import type { House } from './house.ts';
import { memoryProber } from './outside.ts';
import { type MemoryQueueMember, queuePort } from './queue.ts';
import type { Owner } from './scheduler.ts';
import { storeOn } from './store/store.ts';

export const TIMING: Timing = {
  ...DEFAULT_TIMING,
  buildDeadlineMs: 60_000,
  drainDeadlineMs: 5_000,
  webSocketDrainDeadlineMs: 5_000,
  offAfterMs: 60_000,
  hookDeadlineMs: 5_000,
};
const DOMAIN = 'teal.localhost';
const OUTAGE_MS = 100;
const THAW_MARGIN_MS = 5_000;

/** How long a call waits for an answer that does not come, before its adapter's own deadline ends it. */
const SILENCE_MS = 10_000;

export type PortName = 'store' | 'engine' | 'router' | 'prober' | 'source' | 'queue' | 'mail';
/** A port out of reach: it refuses at once; nothing arrives and nothing is said; or all is done and nothing is said. */
export type Cut = 'refuses' | 'silent' | 'deaf';

export class Teal implements Owner {
  readonly name: string;
  readonly world: House<Teal>;
  readonly deployer: Deployer;
  /** Ports that it does not reach. */
  readonly cutOff = new Map<PortName, Cut>();
  /** It has every route and takes requests. */
  ready = false;
  /** How far its clock is from the database's. */
  skewMs = 0;
  #alive = true;
  #frozen = false;
  #worker: MemoryQueueMember | null = null;
  readonly #listeners = new Set<(event: StoreEvent) => void>();

  constructor(world: House<Teal>, name: string) {
    this.world = world;
    this.name = name;
    this.deployer = createDeployer(this.#context());
  }

  isAlive = () => this.#alive;
  isFrozen = () => this.#frozen;

  get holder(): string {
    return `${this.name}/`;
  }

  /** As the composition root does it: leases of this process's earlier life end, routes are restored, then work begins. */
  async start(): Promise<void> {
    const { store } = this.#ports();
    await store.leases.drop(this.holder);
    if (this.world.isAlone()) this.world.queue.obliterate();
    await this.deployer.start();
    this.ready = true;
    this.#worker = this.world.queue.join(this.deployer, { isAlive: () => this.#alive });
    for (const appId of await store.deployments.appsWithWork()) this.#worker.workHere(appId).catch(() => {});
  }

  kill(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.ready = false;
    this.world.died(this);
  }

  freeze(ms: number): void {
    this.#frozen = true;
    this.world.scheduler.in(ms, { owner: null, label: 'thaw', run: () => (this.#frozen = false) });
  }

  /** An event of the store; a frozen process gets it when it goes on. */
  tell(event: StoreEvent): void {
    if (this.cutOff.has('store')) return;
    for (const listener of this.#listeners)
      this.world.scheduler.post({ owner: this, label: `bus ${event.kind}`, run: () => listener(event) });
  }

  reconnect(port: PortName): void {
    this.cutOff.delete(port);
    if (port === 'store') this.tell({ kind: 'resync' });
  }

  #ports() {
    const { database, engine, router, source, mail, queue, scheduler } = this.world;
    const bus: Store['bus'] = {
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    return {
      store: { ...this.#watched('store', storeOn(database)), bus } as Store,
      engine: this.#watched('engine', engine.portOf(this), ['watch', 'logs']),
      router: this.#watched('router', router.portOf(this), [
        'watchTraffic',
        'accessLog',
        'publicAddress',
        'secureAddress',
      ]),
      prober: this.#watched('prober', memoryProber(engine, router, scheduler)),
      source: this.#watched('source', source.port()),
      queue: this.#calls(this.#watched('queue', queuePort(queue))),
      mail: this.#watched('mail', mail.port()),
    };
  }

  /** As the composition root does it: a call begins here at once where it can, and goes through the queue all the same. */
  #calls(queue: Context['queue']): Context['queue'] {
    return {
      ...queue,
      appHasWork: (appId) => {
        this.#worker?.beginHere(appId);
        return queue.appHasWork(appId);
      },
    };
  }

  #context(): Context {
    return {
      ...this.#ports(),
      room: { measure: async () => [] },
      clock: this.#clock(),
      ids: { newId: (kind) => formatId(kind, this.world.newUuid()) },
      log: this.world.logger(this),
      settings: {
        holder: `${this.holder}${this.world.newUuid()}`,
        timing: TIMING,
        retention: DEFAULT_RETENTION,
        proofSecret: 'proof',
        hostsOf: (app) => hostsOf(app, DOMAIN),
        urlOf: (app) => `http://${app.name}.${DOMAIN}/`,
        domain: DOMAIN,
        reservedHosts: ['localhost'],
        linkOf: (app, deploymentId) => `http://localhost/apps/${app.name}/deployments/${deploymentId}`,
      },
    };
  }

  /** Every function of `target`, and of the objects in it, becomes a call that waits for its turn. */
  #watched<P extends object>(name: string, target: P, except: readonly (keyof P)[] = []): P {
    const entries = Object.entries(target).map(([key, value]: [string, unknown]) => {
      const label = `${name}.${key}`;
      if (typeof value === 'object' && value !== null) return [key, this.#watched(label, value)];
      if (typeof value !== 'function' || except.includes(key as keyof P)) return [key, value];
      return [key, (...args: unknown[]) => this.#call(label, args, () => Reflect.apply(value, target, args))];
    });
    return Object.fromEntries(entries) as P;
  }

  #call(label: string, args: unknown[], act: () => Promise<unknown>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const issuedUnder = this.world.watchdog.issued(this, label, args);
    this.world.scheduler.post({
      owner: this,
      label,
      run: () => {
        const fault = this.world.nextCall(this, label, args);
        if (fault === 'before') return this.kill();
        const cut = this.cutOff.get(label.split('.', 1)[0] as PortName);
        if (fault === 'refused' || cut === 'refuses' || cut === 'silent')
          return this.#outage(cut === 'silent' ? SILENCE_MS : OUTAGE_MS, { what: `${label}: no answer`, reject });
        this.world.watchdog.performed(this, label, { args, issuedUnder });
        const outcome = fault ?? cut ?? null;
        act().then(
          (value) => this.#reply(outcome, { label, resolve: () => resolve(value), reject }),
          (error) => this.#reply(outcome, { label, resolve: () => reject(error), reject }),
        );
      },
    });
    return promise;
  }

  #reply(fault: string | null, call: { label: string; resolve: () => void; reject: (error: Error) => void }): void {
    const delayMs = this.world.replyDelayMs();
    if (fault === 'after') this.kill();
    else if (fault === 'lost' || fault === 'deaf') {
      const waitMs = fault === 'lost' ? OUTAGE_MS : SILENCE_MS;
      this.#outage(waitMs, { what: `${call.label}: the reply was lost`, reject: call.reject });
    } else if (fault === 'frozen') {
      this.freeze(TIMING.leaseMs + THAW_MARGIN_MS);
      this.#later(delayMs, call.resolve);
    } else if (delayMs > 0) this.#later(delayMs, call.resolve);
    else call.resolve();
  }

  #outage(ms: number, { what, reject }: { what: string; reject: (error: Error) => void }): void {
    this.#later(ms, () => {
      this.world.outages += 1;
      reject(new Outage(what));
    });
  }

  #later(ms: number, run: () => void): void {
    this.world.scheduler.in(ms, { owner: this, label: 'reply', run });
  }

  #clock(): Clock {
    const { scheduler } = this.world;
    return {
      now: () => new Date(this.world.database.now().getTime() + this.skewMs),
      monotonicMs: () => scheduler.nowMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          const end = () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          };
          const forget = scheduler.in(ms, { owner: this, label: 'sleep', run: end });
          const onAbort = () => {
            forget();
            end();
          };
          signal?.addEventListener('abort', onAbort);
        }),
      timeout: (ms) => {
        const controller = new AbortController();
        const run = () => controller.abort(new DOMException('too long', 'TimeoutError'));
        scheduler.in(ms, { owner: this, label: 'timeout', run });
        return controller.signal;
      },
    };
  }
}
