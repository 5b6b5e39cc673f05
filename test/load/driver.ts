/** Does to a platform under traffic what happens to platforms: flips, deployments, kills, restarts. Tells the traffic thread each. */
import type { BenchPlatform } from '../bench/platform.ts';
import { until } from '../conformance/until.ts';
import type { Repository } from '../e2e/repository.ts';
import { proofApp } from './app.ts';
import { nowMs } from './clock.ts';
import { reviveOnce } from './revive.ts';
import type { TrafficThread } from './thread.ts';
import { allBack, haproxyPids, instancesOf, kill, killInstance } from './victims.ts';

export interface Scene {
  platform: BenchPlatform;
  engine: 'docker' | 'process';
  app: string;
  scale: number;
  repository: Repository;
  collector: { host: string; port: number };
  signal: AbortSignal;
  say(line: string): void;
}

export interface Deeds {
  revives: number;
  from_asleep: number;
  deployments: number;
  instance_kills: number;
  router_kills: number;
  restarts: number;
  platform_kills: number;
}

/** Traffic that flows between two deeds, so that each meets connections in use. */
const REQUESTS_BETWEEN = 300;
const DEADLINE_MS = 120_000;
const LIVE = ' is live at ';

export class Driver {
  readonly deeds: Deeds = {
    revives: 0,
    from_asleep: 0,
    deployments: 0,
    instance_kills: 0,
    router_kills: 0,
    restarts: 0,
    platform_kills: 0,
  };
  /** From the death of the router to the next answer. */
  readonly routerBackMs: number[] = [];
  readonly #scene: Scene;
  readonly #thread: TrafficThread;

  constructor(scene: Scene, thread: TrafficThread) {
    this.#scene = scene;
    this.#thread = thread;
  }

  /** Back and forth; every `asleepEvery`th to a version that sleeps. Spread so that the last one has `untilRequests` behind it. */
  async flips(count: number, { asleepEvery, untilRequests }: { asleepEvery: number; untilRequests: number }) {
    this.#begin('flips');
    const { platform, app, signal, say } = this.#scene;
    const before = this.#thread.answered;
    for (let flip = 1; flip <= count; flip += 1) {
      const asleep = flip % asleepEvery === 0;
      const options = { asleep, signal, before: (version: string) => this.#thread.begin(version) };
      const { fromAsleep, message } = await reviveOnce(platform, app, options);
      this.#thread.acknowledged(message);
      this.deeds.revives += 1;
      if (fromAsleep) this.deeds.from_asleep += 1;
      await this.#requests(before + ((untilRequests - before) * flip) / count);
      if (flip % 25 === 0) say(`flip ${flip} of ${count}: ${this.#thread.answered} requests`);
    }
  }

  async deployments(versions: readonly string[]): Promise<void> {
    this.#begin('deployments');
    for (const version of versions) {
      await this.#more();
      this.#thread.begin(version);
      await pushVersion(this.#scene, version, () => this.#thread.acknowledged(version));
      this.deeds.deployments += 1;
    }
  }

  async instanceKills(count: number): Promise<void> {
    this.#begin('instance kills');
    const { platform, app, engine, scale } = this.#scene;
    for (let i = 0; i < count; i += 1) {
      await this.#more();
      const [victim] = (await instancesOf(platform, app)).values();
      if (victim === undefined) throw new Error('no instance answers');
      const death = await killInstance(victim, engine);
      this.#thread.outage({ kind: 'instance', ...death, instance: victim.instance });
      this.deeds.instance_kills += 1;
      await allBack(platform, app, scale, victim);
    }
    await this.#more();
  }

  /** Kills HAProxy itself. Nothing to do on the embedded router: that is a kill of the platform. */
  async routerKills(count: number): Promise<void> {
    const { platform } = this.#scene;
    if (platform.router !== 'haproxy') return;
    this.#begin('router kills');
    for (let i = 0; i < count; i += 1) {
      await this.#more();
      const pids = await haproxyPids(platform.dataDir);
      if (pids.length === 0) throw new Error('no HAProxy process of this platform was found');
      const deaths = await Promise.all(pids.map(kill));
      const from = Math.min(...deaths.map((death) => death.from));
      this.#thread.outage({ kind: 'carrier', from, to: Math.max(...deaths.map((death) => death.to)) });
      this.deeds.router_kills += 1;
      await this.#answers();
      this.routerBackMs.push(nowMs() - from);
    }
    await this.#more();
  }

  async restarts(count: number, how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#begin(how === 'SIGTERM' ? 'restarts' : 'platform kills');
    const { platform, signal } = this.#scene;
    const embedded = platform.router !== 'haproxy';
    for (let i = 0; i < count; i += 1) {
      await this.#more();
      const from = nowMs();
      let goneAt = from;
      await platform.restart(how, signal, () => {
        goneAt = nowMs();
      });
      if (embedded && how === 'SIGKILL') this.#thread.outage({ kind: 'carrier', from, to: goneAt });
      if (embedded) this.#thread.outage({ kind: 'closed', from, to: nowMs() });
      if (how === 'SIGTERM') this.deeds.restarts += 1;
      else this.deeds.platform_kills += 1;
      await this.#answers();
    }
    await this.#more();
  }

  #begin(phase: string): void {
    this.#scene.say(phase);
    this.#thread.phase(phase);
  }

  #more(): Promise<unknown> {
    return this.#requests(this.#thread.answered + REQUESTS_BETWEEN);
  }

  #requests(count: number): Promise<unknown> {
    const look = () => {
      this.#scene.signal.throwIfAborted();
      return this.#thread.answered >= count;
    };
    return until(`${Math.round(count)} requests are answered`, look, 30 * DEADLINE_MS);
  }

  #answers(): Promise<unknown> {
    const { platform, app } = this.#scene;
    return until(`${app} answers`, async () => (await platform.get(app)).status === 200, DEADLINE_MS);
  }
}

/** Pushes with the real git client; calls `live` when the push client is told so. */
export async function pushVersion(scene: Scene, version: string, live: () => void): Promise<void> {
  const { repository, collector } = scene;
  await repository.commit(version, await proofApp({ version, collector }));
  const { child, result } = repository.start('push', 'clever', 'main');
  let said = '';
  child.stderr?.on('data', (chunk) => {
    const before = said.includes(LIVE);
    said += chunk;
    if (!before && said.includes(LIVE)) live();
  });
  const { stderr } = await result;
  if (!stderr.includes(LIVE)) throw new Error(`the push of ${version} did not go live\n${stderr}`);
}
