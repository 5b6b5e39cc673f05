/** The engine port in memory: images and instances as data, instances that behave as their commit's program says. */
import { type Address, type ObservedInstance, TealError } from '@teal/core';
import type { Engine, EngineEvent, InstanceSpec, OneOff } from '@teal/deployer';
import { type Program, program } from './programs.ts';
import type { Owner, Scheduler } from './scheduler.ts';

export interface Box {
  readonly ref: string;
  readonly spec: InstanceSpec;
  readonly status: ObservedInstance['status'];
  readonly address: Address;
  readonly restart: boolean;
  readonly startedAtMs: number;
  /** Probes that it has passed since it was started or woken. */
  readonly passes: number;
  /** Started again by the restart policy: it need not pass a gate again. */
  readonly revived: boolean;
  /** Runs one command. */
  readonly oneOff: boolean;
}

export interface EngineState {
  boxes: Map<string, Box>;
  /** What was prepared for instances that have not started, by their ref. */
  places: Map<string, { instanceId: string; appId: string }>;
  /** Ref → app and commit. */
  images: Map<string, { appId: string; commit: string }>;
  /** Apps for which it keeps a network and folders. */
  apps: Set<string>;
  nextPort: number;
}

export interface EngineOptions {
  scheduler: Scheduler;
  programOf(commit: string): Program;
  /** How long a single command runs. */
  commandMs?(command: string): number;
}

const ONE_OFF_MS = 100;
const EXIT_MS = 30;
const RESTART_MS = 500;
const CPU_SHARE = 0.01;
const MEMORY_BYTES = 32 * 2 ** 20;

export class MemoryEngine {
  readonly #scheduler: Scheduler;
  readonly #programOf: (commit: string) => Program;
  readonly #commandMs: (command: string) => number;
  state: EngineState = { boxes: new Map(), places: new Map(), images: new Map(), apps: new Set(), nextPort: 20_000 };
  version = 0;
  #watchers = new Set<{ owner: Owner; listener: (event: EngineEvent) => void }>();
  /** Ends of commands that run. */
  #ends = new Map<string, (exitCode: number) => void>();

  constructor({ scheduler, programOf, commandMs = () => ONE_OFF_MS }: EngineOptions) {
    this.#scheduler = scheduler;
    this.#commandMs = commandMs;
    this.#programOf = programOf;
  }

  copyState(): EngineState {
    const { boxes, places, images, apps, nextPort } = this.state;
    return { boxes: new Map(boxes), places: new Map(places), images: new Map(images), apps: new Set(apps), nextPort };
  }

  at(address: Address): Box | undefined {
    return [...this.state.boxes.values()].find((box) => box.address.port === address.port);
  }

  programIn(box: Box): Program {
    return this.#programOf(this.state.images.get(box.spec.imageRef)?.commit ?? box.spec.environment.CC_COMMIT_ID ?? '');
  }

  change(ref: string, to: Partial<Box>): void {
    const box = this.state.boxes.get(ref);
    if (box === undefined) return;
    this.version += 1;
    this.state.boxes.set(ref, { ...box, ...to });
  }

  /** Of a living app there is one that no row knows, as after a restore of an older database. */
  strand(appId: string): void {
    const box = [...this.state.boxes.values()].find(({ spec }) => spec.appId === appId);
    if (box === undefined) return;
    this.version += 1;
    const spec = { ...box.spec, instanceId: 'instance_without-a-row' };
    this.state.boxes.set('box-without-a-row', { ...box, ref: 'box-without-a-row', spec });
  }

  /** It ends by itself, or is killed by somebody else than Teal. */
  exit(ref: string, exitCode: number | null): void {
    const box = this.state.boxes.get(ref);
    if (box === undefined || box.status === 'exited') return;
    this.change(ref, { status: 'exited' });
    this.#tell({ type: 'exited', instanceId: box.spec.instanceId, appId: box.spec.appId, exitCode });
    if (box.restart) this.#scheduler.in(RESTART_MS, { owner: null, label: 'restart', run: () => this.#restart(ref) });
  }

  #restart(ref: string): void {
    const box = this.state.boxes.get(ref);
    if (box?.status !== 'exited' || !box.restart) return;
    const address = this.#newAddress();
    this.change(ref, { status: 'running', address, startedAtMs: this.#scheduler.nowMs, revived: true });
    this.#tell({ type: 'restarted', instanceId: box.spec.instanceId, appId: box.spec.appId, address });
  }

  #tell(event: EngineEvent): void {
    for (const { owner, listener } of this.#watchers)
      this.#scheduler.post({ owner, label: `event ${event.type}`, run: () => listener(event) });
  }

  #newAddress(): Address {
    this.state.nextPort += 1;
    return { host: '10.0.0.1', port: this.state.nextPort };
  }

  #put(spec: InstanceSpec, ref: string, oneOff: boolean): Box {
    if (!this.state.images.has(spec.imageRef)) throw new TealError('image_gone');
    const box: Box = {
      ref,
      spec,
      status: 'running',
      address: this.#newAddress(),
      restart: false,
      startedAtMs: this.#scheduler.nowMs,
      passes: 0,
      revived: false,
      oneOff,
    };
    this.version += 1;
    this.state.places.delete(ref);
    this.state.boxes.set(ref, box);
    this.state.apps.add(spec.appId);
    return box;
  }

  #remove(ref: string): void {
    const hadPlace = this.state.places.delete(ref);
    if (!this.state.boxes.delete(ref) && !hadPlace) return;
    this.version += 1;
    this.#ends.get(ref)?.(137);
    this.#ends.delete(ref);
  }

  /** The port as one process has it. */
  portOf(owner: Owner): Engine {
    const seen = ({ ref, spec, status, address }: Box): ObservedInstance => ({
      instanceId: spec.instanceId,
      appId: spec.appId,
      ref,
      status,
      address: status === 'exited' ? null : address,
    });
    const started = ({ ref, address, startedAtMs }: Box) => ({ ref, address, startedAt: new Date(startedAtMs) });
    const refOf = (instanceId: string) => `box-${instanceId}`;
    const { state, engine } = { state: () => this.state, engine: this };
    const scheduler = this.#scheduler;
    const pause = async (ms: number, signal: AbortSignal) => {
      const aborted = Promise.withResolvers<never>();
      const onAbort = () => aborted.reject(signal.reason);
      signal.throwIfAborted();
      signal.addEventListener('abort', onAbort, { once: true });
      await Promise.race([scheduler.pause(ms, owner), aborted.promise]).finally(() =>
        signal.removeEventListener('abort', onAbort),
      );
    };
    return {
      kind: 'docker',
      async plan({ source }) {
        const { releaseCommand } = engine.#programOf(source.facts.commit);
        const plan = { recipe: 'node', inputsDigest: 'inputs', summary: 'a plan', detail: null };
        return { ok: true, plan: { ...plan, releaseCommand: releaseCommand === 'none' ? null : 'migrate' } };
      },
      async build({ appId, source, imageId, log, signal }) {
        const { build, buildMs } = engine.#programOf(source.facts.commit);
        log('build', 'building');
        await pause(buildMs, signal);
        if (build === 'fails') return { ok: false, code: 'build_failed', reason: 'The build failed: make.' };
        const ref = `image-${imageId}`;
        engine.version += 1;
        state().images.set(ref, { appId, commit: source.facts.commit });
        state().apps.add(appId);
        return { ok: true, ref };
      },
      hasImage: async (ref) => state().images.has(ref),
      async removeImage(ref) {
        engine.version += 1;
        state().images.delete(ref);
      },
      listImages: async () => [...state().images.keys()],
      async prepare({ instanceId, appId }) {
        const ref = refOf(instanceId);
        engine.version += 1;
        state().places.set(ref, { instanceId, appId });
        state().apps.add(appId);
        return ref;
      },
      async start(spec, signal) {
        signal.throwIfAborted();
        const ref = refOf(spec.instanceId);
        const known = state().boxes.get(ref);
        if (known?.status === 'running') return started(known);
        if (known !== undefined) engine.#remove(ref);
        const box = engine.#put(spec, ref, false);
        if (engine.programIn(box).gate === 'exits')
          scheduler.in(EXIT_MS, { owner: null, label: 'exit', run: () => engine.exit(ref, 3) });
        return started(box);
      },
      run: (spec, once) => engine.#run(spec, once, refOf(spec.instanceId)),
      async setRestart(ref, restart) {
        engine.change(ref, { restart });
      },
      async sleep(ref) {
        if (state().boxes.get(ref)?.status === 'running') engine.change(ref, { status: 'frozen' });
      },
      async wake(ref) {
        const box = state().boxes.get(ref);
        if (box === undefined || box.status === 'exited') throw new TealError('start_failed', { detail: 'it is gone' });
        if (box.status === 'frozen') engine.change(ref, { status: 'running', passes: 0, revived: false });
        return started(box);
      },
      async stop(ref) {
        engine.#remove(ref);
      },
      async inspect(ref) {
        const box = state().boxes.get(ref);
        return box === undefined ? null : seen(box);
      },
      list: async () => [
        ...[...state().boxes.values()].map(seen),
        ...[...state().places].map(
          ([ref, place]): ObservedInstance => ({ ...place, ref, status: 'exited', address: null }),
        ),
      ],
      listeners: async () => null,
      ownsAddress: async () => true,
      usage: async () =>
        [...state().boxes.values()]
          .filter(({ status }) => status !== 'exited')
          .map(({ spec, startedAtMs }) => ({
            instanceId: spec.instanceId,
            appId: spec.appId,
            cpuSeconds: (CPU_SHARE * (scheduler.nowMs - startedAtMs)) / 1_000,
            memoryBytes: MEMORY_BYTES,
            memoryLimitBytes: spec.memoryMib * 2 ** 20,
          })),
      async *logs() {
        yield 'last words';
      },
      watch(listener, signal) {
        const watcher = { owner, listener };
        engine.#watchers.add(watcher);
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            engine.#watchers.delete(watcher);
            resolve();
          });
        });
      },
      async removeApp(appId) {
        engine.version += 1;
        state().apps.delete(appId);
      },
      listApps: async () => [...state().apps],
      async close() {},
    };
  }

  /** The command goes on when its caller dies, until somebody ends it. */
  async #run(spec: InstanceSpec, { command, log, signal }: OneOff, ref: string): Promise<{ exitCode: number }> {
    signal.throwIfAborted();
    this.#remove(ref);
    const box = this.#put(spec, ref, true);
    const failing = this.programIn(box).releaseCommand === 'fails';
    log('migrating');
    const ended = Promise.withResolvers<number>();
    this.#ends.set(ref, ended.resolve);
    const run = () => ended.resolve(failing ? 1 : 0);
    this.#scheduler.in(this.#commandMs(command), { owner: null, label: 'command ends', run });
    const onAbort = () => ended.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return { exitCode: await ended.promise };
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#ends.delete(ref);
      this.#remove(ref);
    }
  }
}

export const ANY_PROGRAM = program();
