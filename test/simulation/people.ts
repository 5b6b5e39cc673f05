/** The people outside: they push and press buttons, and try again when the platform went away under their hands. */
import { type App, DEFAULT_SETTINGS } from '@teal/core';
import type { Deployer } from '@teal/deployer';
import { type Program, program } from './programs.ts';
import type { Teal } from './teal.ts';
import type { World } from './world.ts';

const PATIENCE_MS = 120_000;
const TRIES = 8;

type Outcome<T> = { kind: 'done'; value: T } | { kind: 'refused'; error: Error } | { kind: 'died' };

export class Person {
  readonly world: World;
  readonly appName: string;
  /** Pushes whose ref is in, by commit: git said ok. */
  readonly landed: string[] = [];

  constructor(world: World, appName = 'shop') {
    this.world = world;
    this.appName = appName;
  }

  app(): App | null {
    const { apps, deleting } = this.world.database.tables;
    return [...apps.values()].find(({ id, name }) => name === this.appName && !deleting.has(id)) ?? null;
  }

  get appId(): string {
    return [...this.world.database.tables.apps.values()].find(({ name }) => name === this.appName)?.id ?? 'none';
  }

  /** Waits for something in the world; false when it does not come. */
  until(holds: () => boolean, limitMs = PATIENCE_MS): Promise<boolean> {
    const { scheduler } = this.world;
    const endMs = scheduler.nowMs + limitMs;
    return new Promise((resolve) => {
      const look = () => {
        if (holds()) return resolve(true);
        if (scheduler.nowMs >= endMs) return resolve(false);
        this.world.watchers.add(look);
      };
      look();
      scheduler.in(limitMs, { owner: null, label: 'patience', run: look });
    });
  }

  state(of: (app: App) => unknown): unknown {
    const app = this.app();
    return app === null ? undefined : of(app);
  }

  /** The newest deployment of the app is in one of these states. */
  reaches(...states: string[]): Promise<boolean> {
    return this.until(() => states.includes(this.newest()?.state ?? ''));
  }

  newest() {
    const rows = [...this.world.database.tables.deployments.values()].filter(({ appId }) => appId === this.appId);
    return rows.sort((a, b) => b.sequence - a.sequence)[0];
  }

  async #teal(): Promise<Teal | null> {
    await this.until(() => this.world.ready() !== null);
    return this.world.ready();
  }

  /** Asks a process once; `died` when it went away before it answered. */
  async ask<T>(act: (deployer: Deployer, teal: Teal) => Promise<T>): Promise<Outcome<T>> {
    const teal = await this.#teal();
    if (teal === null) return { kind: 'died' };
    const outcome: Promise<Outcome<T>> = act(teal.deployer, teal).then(
      (value) => ({ kind: 'done', value }),
      (error) => ({ kind: 'refused', error }),
    );
    const died = this.until(() => !teal.isAlive() || teal.isFrozen()).then((): Outcome<T> => ({ kind: 'died' }));
    return Promise.race([outcome, died]);
  }

  /** Asks until there is an answer; a refusal of a kind in `enough` after a try that was lost means that it was heard. */
  async insist<T>(act: (deployer: Deployer, app: App) => Promise<T>): Promise<T | null> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const app = this.app();
      if (app === null) return null;
      const outcome = await this.ask((deployer) => act(deployer, app));
      if (outcome.kind === 'done') return outcome.value;
      if (
        outcome.kind === 'refused' &&
        'code' in outcome.error &&
        outcome.error.code !== 'app_busy' &&
        outcome.error.code !== 'lease_lost'
      )
        return null;
      await this.world.scheduler.pause(500);
    }
    return null;
  }

  async createApp(organisationId: string): Promise<void> {
    await this.askForApp(organisationId);
    if (!this.world.database.tables.apps.has(this.appId)) throw new Error('no app was made');
  }

  async askForApp(organisationId: string): Promise<void> {
    const settings = { ...DEFAULT_SETTINGS, gateDeadlineMs: 3_000 };
    await this.ask((deployer, teal) =>
      deployer.createApp({ id: `app_${teal.world.newUuid()}`, organisationId, name: this.appName, settings }),
    );
  }

  /** `git push`: both hooks and the move of the ref between them. Tries again until the ref is in. */
  async push(commit: string, change: Partial<Program> = {}): Promise<void> {
    this.world.programs.set(commit, program(change));
    for (let tries = 0; tries < TRIES; tries += 1) {
      const app = this.app();
      if (app === null || (await this.pushOnce(app.id, commit))) return;
      await this.world.scheduler.pause(700);
    }
  }

  /** True once git has said ok. */
  async pushOnce(appId: string, commit: string): Promise<boolean> {
    const commands = [{ oldCommit: '0'.repeat(40), newCommit: commit, ref: 'refs/heads/main' }];
    const request = { appId, commands, options: [], pushedBy: 'ann' };
    const accepted = await this.ask((deployer, teal) =>
      deployer.acceptPush(request).then((pushId) => ({ pushId, deployer, teal })),
    );
    if (accepted.kind !== 'done' || !this.world.database.tables.apps.has(appId)) return false;
    this.world.source.move(appId, 'refs/heads/main', commit);
    this.landed.push(commit);
    const { pushId, deployer, teal } = accepted.value;
    if (!teal.isAlive()) return true;
    // The client follows in the background; it may leave at any time, and what it is told changes nothing.
    void this.#follow(deployer, { pushId, request });
    return true;
  }

  async #follow(
    deployer: Deployer,
    { pushId, request }: { pushId: string; request: Parameters<Deployer['acceptPush']>[0] },
  ): Promise<void> {
    const leaving = new AbortController();
    try {
      for await (const _ of deployer.pushLanded(pushId, request, leaving.signal)) break;
    } catch {
      // The hook had no answer: the reflog tells later.
    }
  }
}
