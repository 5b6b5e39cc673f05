/** Looks at the world after every turn, and at every effect of a process: what must always hold is a violation otherwise. */
import { DEPLOYMENT_STATES, type Deployment, transition } from '@teal/core';
import type { InstanceSpec, Pool } from '@teal/deployer';
import type { Caller, House } from './house.ts';
import { SECRET } from './programs.ts';
import { TIMING } from './teal.ts';

export interface Violation {
  invariant: number;
  what: string;
  after: string;
  call: number;
}

const ENGINE_EFFECTS = new Set([
  'start',
  'run',
  'setRestart',
  'sleep',
  'wake',
  'stop',
  'removeApp',
  'removeImage',
  'build',
]);
const ROUTER_EFFECTS = new Set(['setPool', 'setRoute', 'setHosts', 'setMaintenancePage', 'removeApp']);

export class Watchdog {
  readonly #world: House;
  readonly violations: Violation[] = [];
  /** Apps some of whose instances ended by themselves: what serves them is not Teal's doing for a while. */
  readonly bereaved = new Set<string>();
  checks = 0;
  lateEffects = 0;
  #seen = '';
  #before: ReadonlyMap<string, Deployment>;
  #highestLive = new Map<string, number>();
  #label = '';

  constructor(world: House) {
    this.#world = world;
    this.#before = new Map(world.database.tables.deployments);
    for (const { appId, sequence, times, trigger } of this.#before.values())
      if (times.live !== undefined && trigger !== 'platform-update') this.#rank(appId, sequence);
  }

  #rank(appId: string, sequence: number): void {
    this.#highestLive.set(appId, Math.max(sequence, this.#highestLive.get(appId) ?? 0));
  }

  violate(invariant: number, what: string): void {
    this.violations.push({ invariant, what, after: this.#label, call: this.#world.calls });
  }

  /** Which app a call acts on; null when it changes nothing outside the database. */
  #actedOn(label: string, args: unknown[]): string | null {
    const [port, name = ''] = label.split('.');
    const { engine } = this.#world;
    if (port === 'router' && ROUTER_EFFECTS.has(name))
      return typeof args[0] === 'string' ? args[0] : (args[0] as Pool).appId;
    if (port !== 'engine' || !ENGINE_EFFECTS.has(name)) return null;
    if (name === 'removeApp') return args[0] as string;
    if (typeof args[0] === 'string') {
      const { boxes, places, images } = engine.state;
      return (boxes.get(args[0])?.spec ?? places.get(args[0]) ?? images.get(args[0]))?.appId ?? null;
    }
    return (args[0] as Pick<InstanceSpec, 'appId'>).appId;
  }

  #holds(teal: Caller, appId: string): boolean {
    const lease = this.#world.database.tables.leases.get(appId);
    const isOwn = lease?.holder.startsWith(teal.holder) ?? false;
    return isOwn && (lease?.expiresAtMs ?? 0) > this.#world.database.now().getTime();
  }

  #isUnused(ref: string): boolean {
    const { boxes, places } = this.#world.engine.state;
    return places.has(ref) && !boxes.has(ref);
  }

  /** The app that the call acts on, when its caller holds no lease of it as it asks. */
  issued(teal: Caller, label: string, args: unknown[]): string | null {
    const appId = this.#actedOn(label, args);
    // Only what the database still has can be anybody's to act for.
    if (appId === null || !this.#world.database.tables.apps.has(appId) || label === 'engine.run') return null;
    // A place that nothing was started in is its maker's.
    if (label === 'engine.stop' && this.#isUnused(args[0] as string)) return null;
    // An image that no row knows is nobody's.
    const { images } = this.#world.database.tables;
    if (label === 'engine.removeImage' && [...images.values()].every(({ ref }) => ref !== args[0])) return null;
    if (this.#holds(teal, appId)) return null;
    return appId;
  }

  performed(teal: Caller, label: string, { args, issuedUnder }: { args: unknown[]; issuedUnder: string | null }): void {
    this.#label = label;
    if (issuedUnder !== null) this.violate(3, `${teal.name} does ${label} on ${issuedUnder} without its lease`);
    const appId = this.#actedOn(label, args);
    if (appId !== null && this.#world.database.tables.apps.has(appId) && !this.#holds(teal, appId))
      this.lateEffects += 1;
    if (label === 'engine.sleep' || label === 'engine.stop') this.#beforeEnd(label, args[0] as string);
    if (/^(mail|queue)\./.test(label) || label === 'store.logs.append') this.#lookForSecret(label, args);
  }

  /** 9: frozen or stopped only when unrouted and with nothing in flight, or at its drain deadline. */
  #beforeEnd(label: string, ref: string): void {
    const { engine, router, database, scheduler } = this.#world;
    const box = engine.state.boxes.get(ref);
    if (box === undefined || box.status !== 'running' || box.oneOff) return;
    const { appId, instanceId } = box.spec;
    if (database.tables.deleting.has(appId) || !database.tables.apps.has(appId)) return;
    if (router.isRouted(instanceId)) this.violate(9, `${label} of ${instanceId}, which is routed`);
    const sinceMs = scheduler.nowMs - (router.state.lastRoutedMs.get(instanceId) ?? 0);
    if (!router.isRouted(instanceId) && router.isBusy(instanceId) && sinceMs < TIMING.drainDeadlineMs)
      this.violate(9, `${label} of ${instanceId} with requests in flight`);
  }

  #lookForSecret(label: string, args: unknown[]): void {
    if (JSON.stringify(args)?.includes(SECRET)) this.violate(13, `${label} carries a secret`);
  }

  look(label: string): void {
    const { database, engine, router, source } = this.#world;
    const seen = `${database.version} ${engine.version} ${router.version} ${source.version}`;
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#label = label;
    this.checks += 1;
    this.#deploymentsMoved();
    for (const appId of database.tables.apps.keys()) {
      this.#serves(appId);
      this.#routesOnlyTo(appId);
      this.#oneRevive(appId);
    }
  }

  /** 5, and with it 4 (terminal states stay) and 8 (what goes live was accepted after all that was live). */
  #deploymentsMoved(): void {
    const { tables } = this.#world.database;
    for (const now of tables.deployments.values()) {
      const before = this.#before.get(now.id);
      if (before === now || (before !== undefined && before.state === now.state)) continue;
      const events = [
        'claimed',
        'claimed-with-image',
        'built',
        'started',
        'image-gone',
        'gate-passed',
        'route-proven',
        'replaced',
        'cancelled',
        'failed',
      ] as const;
      const possible = before === undefined || events.some((event) => transition(before.state, event) === now.state);
      if (!possible) this.violate(5, `${now.id} went from ${before?.state} to ${now.state}`);
      if (now.state === 'live') this.#wentLive(now);
    }
    this.#before = new Map(tables.deployments);
  }

  #wentLive({ id, appId, sequence, trigger, commit }: Deployment): void {
    const { tables } = this.#world.database;
    if (tables.cancelRequested.has(id)) this.violate(5, `${id} went live although it was to be cancelled`);
    if (trigger === 'platform-update') return;
    const highest = Math.max(this.#highestLive.get(appId) ?? 0, tables.stoppedAt.get(appId) ?? 0);
    if (sequence < highest)
      this.violate(8, `${commit.commit} (${sequence}) went live after what was accepted later (${highest})`);
    this.#rank(appId, sequence);
  }

  /** 1: an app that is live has a member that runs and has passed its gate. */
  #serves(appId: string): void {
    const { database, engine, router } = this.#world;
    const app = database.tables.apps.get(appId);
    if (app?.liveReleaseId == null || app.stopped || database.tables.deleting.has(appId)) return;
    if (!this.#world.routerIsUp() || this.bereaved.has(appId)) return;
    const pool = router.routed(appId);
    const boxes = (pool?.members ?? []).map(({ address }) => engine.at(address));
    const good = boxes.filter((box) => box?.status === 'running' && (box.passes >= 2 || box.revived));
    if (good.length === 0) this.violate(1, `${app.name} has no member that serves`);
    if (boxes.some((box) => box?.status === 'running' && box.passes < 2 && !box.revived))
      this.violate(1, `${app.name} routes to an instance that passed no gate`);
  }

  /** 2: only to what is live, was live, or is switching; 12: and only to the app's own. */
  #routesOnlyTo(appId: string): void {
    const { database, router } = this.#world;
    const pool = router.routed(appId);
    if (pool === null || pool.members.length === 0) return;
    const release = database.tables.releases.get(pool.releaseId);
    const deployment = database.tables.deployments.get(pool.deploymentId);
    if (release?.liveAt == null && deployment?.state !== 'switching' && !database.tables.deleting.has(appId))
      this.violate(2, `the route of ${appId} leads to ${pool.releaseId}, ${deployment?.state}`);
    for (const { instanceId } of pool.members) {
      const row = database.tables.instances.get(instanceId);
      if (row !== undefined && row.appId !== appId)
        this.violate(12, `${appId} routes to ${instanceId} of ${row.appId}`);
    }
  }

  /** 10: one revive of one release at a time. */
  #oneRevive(appId: string): void {
    const { deployments, cancelRequested } = this.#world.database.tables;
    const releases = [...deployments.values()]
      .filter((row) => row.appId === appId && (row.trigger === 'revive' || row.trigger === 'start'))
      .filter(({ id, state }) => DEPLOYMENT_STATES.indexOf(state) < 5 && !cancelRequested.has(id))
      .map(({ releaseId }) => releaseId);
    if (new Set(releases).size < releases.length) this.violate(10, 'two revives of one release');
  }
}
