/** Writes each change of an app into the table and then into HAProxy: the port's writes, in force when they resolve. */
import type { Colour, Route } from '@teal/core';
import type { ObservedApp, Pool } from '@teal/deployer';
import { backendName, colourOf, packState, unpackState } from '../stateValue.ts';
import { COLOURS, type Table } from '../table.ts';
import type { Generation } from './generation.ts';
import { dropEntry, getEntry, setEntry } from './maps.ts';
import type { Plane } from './plane.ts';
import { MAPS } from './render.ts';
import { calmOnly, seeServers, writeServers } from './servers.ts';
import type { Slots } from './slots.ts';

export interface AppsOptions {
  table: Table;
  slots: Slots;
  plane: Plane;
  /** See `serverSettings`. */
  settings: string;
}

const REAP_MS = 250;
const CALMED_AT_ONCE = 64;

export class Apps {
  readonly #table: Table;
  readonly #slots: Slots;
  readonly #plane: Plane;
  readonly #settings: string;
  /** Writes to the pools of one slot, one after the other. */
  readonly #chains = new Map<number, Promise<void>>();
  readonly #backends = new Map<string, Set<string>>();
  /** Backend → servers without a place in the pool, deleted once they have nothing in flight. */
  readonly #leaving = new Map<string, Set<string>>();
  /** Slots of removed apps that still have servers. */
  readonly #vacating = new Set<number>();
  #reaper: NodeJS.Timeout | null = null;

  constructor({ table, slots, plane, settings }: AppsOptions) {
    this.#table = table;
    this.#slots = slots;
    this.#plane = plane;
    this.#settings = settings;
  }

  backendsOf(instanceId: string): ReadonlySet<string> {
    return this.#backends.get(instanceId) ?? new Set();
  }

  async setRoute(appId: string, route: Route): Promise<void> {
    this.#table.app(appId).route = route;
    if (!this.#plane.isServing) return;
    const slot = this.#slots.of(appId) ?? (await this.slotOf(appId));
    await this.#plane.each((generation) => setEntry(generation, MAPS.states, appId, packState(route, slot)));
  }

  async setHosts(appId: string, hosts: readonly string[]): Promise<void> {
    const lost = this.#table.setHosts(appId, hosts);
    if (!this.#plane.isServing) return;
    await this.slotOf(appId);
    await this.#plane.each(async (generation) => {
      for (const host of lost) if (!this.#table.owners.has(host)) await dropEntry(generation, MAPS.hosts, host);
      for (const host of hosts) {
        const owner = this.#table.owners.get(host);
        if (owner === appId) await setEntry(generation, MAPS.hosts, host, appId);
      }
    });
  }

  async setPool(pool: Pool): Promise<void> {
    this.#table.app(pool.appId).pools[pool.colour] = pool;
    if (!this.#plane.isServing) return;
    const slot = await this.slotOf(pool.appId);
    await this.#after(slot, () =>
      this.#plane.each((generation) => this.#writePool(generation, slot, pool.colour, pool)),
    );
  }

  async removeApp(appId: string): Promise<void> {
    const lost = this.#table.remove(appId);
    const slot = this.#slots.release(appId);
    if (slot === null) return;
    this.#vacating.add(slot);
    await this.#after(slot, () =>
      this.#plane.each(async (generation) => {
        for (const host of lost) if (!this.#table.owners.has(host)) await dropEntry(generation, MAPS.hosts, host);
        await dropEntry(generation, MAPS.states, appId);
        for (const colour of COLOURS) await this.#writePool(generation, slot, colour, null);
      }),
    );
    this.#reapSoon();
  }

  /** As HAProxy has it, not as it should be; null when neither knows the app. */
  async observe(appId: string): Promise<ObservedApp | null> {
    const app = this.#table.apps.get(appId);
    const slot = this.#slots.of(appId);
    if (app === undefined) return null;
    const { route, hosts, pools } = app;
    if (slot === null || !this.#plane.isServing) return { route, hosts, pools };
    return this.#plane.ask(async (generation) => {
      const [state, owners, blue, green] = await Promise.all([
        getEntry(generation, MAPS.states, appId),
        Promise.all(hosts.map((host) => getEntry(generation, MAPS.hosts, host))),
        this.#observePool(generation, backendName(slot, 'blue'), pools.blue),
        this.#observePool(generation, backendName(slot, 'green'), pools.green),
      ]);
      return {
        route: (state === null ? null : unpackState(state, slot)) ?? { mode: 'empty' },
        hosts: hosts.filter((_, index) => owners[index] === appId),
        pools: { blue, green },
      };
    });
  }

  /** The app's own pair of pools; a new HAProxy with more of them where none is left. */
  async slotOf(appId: string): Promise<number> {
    for (;;) {
      const slot = this.#slots.take(appId);
      if (slot !== null) return slot;
      await this.#plane.renew();
    }
  }

  /** After a start from the table: instances are where the table says, and one member needs no health checks. */
  settle(generation: Generation): void {
    for (const [appId, slot] of this.#slots.apps()) {
      for (const colour of COLOURS) {
        const members = this.#table.apps.get(appId)?.pools[colour]?.members ?? [];
        for (const { instanceId } of members) this.#note(instanceId, backendName(slot, colour));
      }
    }
    // With a HAProxy that has ended its successor is settled.
    void this.#calmAll(generation).catch(() => {});
  }

  /**
   * Some apps at a time: a change that is asked for meanwhile would wait behind all commands that were sent before it. But not
   * slowly: until then HAProxy checks every server twice a second.
   */
  async #calmAll(generation: Generation): Promise<void> {
    const apps = [...this.#slots.apps()];
    for (let at = 0; at < apps.length; at += CALMED_AT_ONCE)
      await Promise.all(apps.slice(at, at + CALMED_AT_ONCE).map((app) => this.#calm(generation, app)));
  }

  async #calm(generation: Generation, [appId, slot]: [string, number]): Promise<void> {
    await this.#after(slot, async () => {
      if (this.#slots.of(appId) !== slot) return;
      const pools = this.#table.apps.get(appId)?.pools;
      await Promise.all(
        COLOURS.map((colour) => calmOnly(generation, backendName(slot, colour), pools?.[colour]?.members ?? [])),
      );
    });
  }

  close(): void {
    clearTimeout(this.#reaper ?? undefined);
  }

  async #observePool(generation: Generation, backend: string, told: Pool | null): Promise<Pool | null> {
    const servers = (await seeServers(generation, backend)).filter((server) => server.inPool);
    const deploymentId = await getEntry(generation, MAPS.deployments, backend);
    if (told === null && servers.length === 0) return null;
    const order = new Map(told?.members.map((member, index) => [member.instanceId, index]));
    const members = servers
      .map(({ name, address }) => ({ instanceId: name, address }))
      .sort((a, b) => (order.get(a.instanceId) ?? 0) - (order.get(b.instanceId) ?? 0));
    const colour = colourOf(backend) ?? 'blue';
    const { appId = '', releaseId = '' } = told ?? {};
    return { appId, colour, releaseId, deploymentId: deploymentId ?? '', members };
  }

  async #writePool(generation: Generation, slot: number, colour: Colour, pool: Pool | null): Promise<void> {
    // An older HAProxy may have fewer pairs; it serves what it knows until its connections end.
    if (slot > generation.size) return;
    const backend = backendName(slot, colour);
    const members = pool?.members ?? [];
    for (const { instanceId } of members) {
      this.#note(instanceId, backend);
      this.#leaving.get(backend)?.delete(instanceId);
    }
    const left = await writeServers(generation, { backend, members, settings: this.#settings });
    if (pool !== null) await setEntry(generation, MAPS.deployments, backend, pool.deploymentId);
    else await dropEntry(generation, MAPS.deployments, backend);
    if (left.length === 0) return;
    const leaving = this.#leaving.get(backend) ?? new Set();
    this.#leaving.set(backend, leaving);
    for (const name of left) leaving.add(name);
    this.#reapSoon();
  }

  #note(instanceId: string, backend: string): void {
    const backends = this.#backends.get(instanceId) ?? new Set();
    this.#backends.set(instanceId, backends.add(backend));
  }

  #after(slot: number, act: () => Promise<void>): Promise<void> {
    const before = this.#chains.get(slot);
    const run = before === undefined ? act() : before.then(act, act);
    const settled = run
      .catch(() => {})
      .then(() => {
        if (this.#chains.get(slot) === settled) this.#chains.delete(slot);
      });
    this.#chains.set(slot, settled);
    return run;
  }

  #reapSoon(): void {
    this.#reaper ??= setTimeout(() => {
      this.#reap()
        .catch(() => {})
        .finally(() => {
          this.#reaper = null;
          if (this.#leaving.size > 0 || this.#vacating.size > 0) this.#reapSoon();
        });
    }, REAP_MS);
  }

  async #reap(): Promise<void> {
    for (const backend of [...this.#leaving.keys()]) {
      await this.#after(Number.parseInt(backend.slice(1), 10), () => this.#reapBackend(backend));
    }
    for (const slot of [...this.#vacating]) {
      if (COLOURS.some((colour) => this.#leaving.has(backendName(slot, colour)))) continue;
      this.#vacating.delete(slot);
      this.#slots.free(slot);
    }
  }

  async #reapBackend(backend: string): Promise<void> {
    const names = this.#leaving.get(backend) ?? new Set();
    for (const name of [...names]) {
      let gone = true;
      await this.#plane.each(async (generation) => {
        const answer = await generation.ask(`del server ${backend}/${name}`);
        if (!/^(Server deleted\.|No such (server|backend)\.)$/.test(answer)) gone = false;
      });
      if (!gone) continue;
      names.delete(name);
      const backends = this.#backends.get(name);
      if (backends?.delete(backend) && backends.size === 0) this.#backends.delete(name);
    }
    if (names.size === 0) this.#leaving.delete(backend);
  }
}
