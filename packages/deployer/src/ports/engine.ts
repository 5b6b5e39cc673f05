/**
 * Port: builds images and runs instances. Adapters: packages/runtimes. Every call is idempotent by its ids, touches
 * only what carries this platform's id, honours its signal, and ends within a deadline of its own.
 */
import type { Address, Colour, Environment, Listener, LogLine, ObservedInstance } from '@teal/core';
import type { SourceTree } from './source.ts';

export type EngineKind = 'docker' | 'process';

export interface PlanRequest {
  appId: string;
  source: SourceTree;
  /** The app's variables; recipes see them at build time, a Dockerfile only those named in TEAL_BUILD_ARGS. */
  environment: Environment;
}

/** How a tree will be built. Expected refusals (unknown source, foreign front end) are values. */
export type PlanOutcome = { ok: true; plan: BuildPlan } | { ok: false; code: string; reason: string };

export interface BuildPlan {
  /** `node`, `python`, `static` or `dockerfile`. */
  recipe: string;
  /** Digest over everything but the tree that decides the image: recipe version, base, build inputs. */
  inputsDigest: string;
  /** One line for the log: what was found and what will be done. */
  summary: string;
  /** The Procfile's `release:` line, for the image's shell. */
  releaseCommand: string | null;
  /** The engine's own part; only the engine that made the plan reads it. */
  detail: unknown;
}

export type BuildLog = (source: LogLine['source'], text: string) => void;

export interface BuildRequest extends PlanRequest {
  plan: BuildPlan;
  appName: string;
  /** What one organisation's builds left in a cache is never used for another's. */
  organisationId: string;
  imageId: string;
  /** Build from scratch, without cached layers. */
  fresh: boolean;
  log: BuildLog;
  signal: AbortSignal;
}

export type BuildOutcome =
  | { ok: true; ref: string }
  /** `reason` is one sentence for people, with the command that failed. */
  | { ok: false; code: string; reason: string };

export interface InstanceSpec {
  instanceId: string;
  appId: string;
  appName: string;
  releaseId: string;
  imageRef: string;
  colour: Colour;
  /** Complete, PORT included only if the caller wants another than the engine's own. */
  environment: Environment;
  memoryMib: number;
  cpus: number;
  maxProcesses: number;
}

export interface OneOff {
  /** For `/bin/sh -c`, in place of what the image starts. */
  command: string;
  /** Each line of both streams, raw. */
  log: (text: string) => void;
  /** An abort ends it and its children at once. */
  signal: AbortSignal;
}

export interface StartedInstance {
  ref: string;
  address: Address;
  startedAt: Date;
}

/** What one instance has used and holds. */
export interface InstanceUsage {
  instanceId: string;
  appId: string;
  /** CPU time of all its processes since its last start, in seconds of one core. Begins anew when it is started again. */
  cpuSeconds: number;
  /** Memory that only its end would free: files of the disk that the kernel keeps for it, and can drop, are not counted. */
  memoryBytes: number;
  /** Null where nothing limits it. */
  memoryLimitBytes: number | null;
}

export type EngineEvent =
  | { type: 'exited'; instanceId: string; appId: string; exitCode: number | null }
  /** Started again by the restart policy, or its address changed. */
  | { type: 'restarted'; instanceId: string; appId: string; address: Address };

export interface Engine {
  readonly kind: EngineKind;

  /** Decides how to build; needs no more than the listing and a few small files. */
  plan(request: PlanRequest): Promise<PlanOutcome>;
  /** Builds; output goes to `log` line by line. An abort stops the build and its children at once and rejects. */
  build(request: BuildRequest): Promise<BuildOutcome>;
  hasImage(ref: string): Promise<boolean>;
  /** Removes the image; does nothing when it is gone. */
  removeImage(ref: string): Promise<void>;
  /** Refs of every image of this platform. */
  listImages(): Promise<string[]>;

  /**
   * Makes what an instance to come needs and what can be had before its image is. Returns its ref, for `stop`, which removes that again;
   * until the instance starts it is listed as one that has exited. May do nothing. Never fails: `start` makes what is missing.
   */
  prepare(instance: { instanceId: string; appId: string }): Promise<string>;
  /** Starts one instance and returns when it has an address; says nothing about health. Throws `start_failed`, `image_gone`. */
  start(spec: InstanceSpec, signal: AbortSignal): Promise<StartedInstance>;
  /**
   * Runs one command to its end in an instance of its own: same image, variables, limits, user and network, no traffic. It is
   * listed while it runs, and gone when this returns; one of the same id that a crash left is ended first. A command
   * ended by signal N has exit code 128 + N. Rejects with the signal's reason; throws `start_failed`, `image_gone`.
   */
  run(spec: InstanceSpec, once: OneOff): Promise<{ exitCode: number }>;
  /** Whether the engine starts it again when it ends by itself. Off until LIVE and again before sleep. */
  setRestart(ref: string, restart: boolean): Promise<void>;
  /** Freezes it: no CPU, memory and connections kept. Does nothing when frozen. */
  sleep(ref: string): Promise<void>;
  /** Thaws it. Does nothing when running. Returns its address. Throws `start_failed` when it is gone. */
  wake(ref: string): Promise<StartedInstance>;
  /** Ends it (thaws first, SIGTERM, SIGKILL after `graceMs`) and removes it. Does nothing when it is gone. */
  stop(ref: string, options: { graceMs: number }): Promise<void>;

  inspect(ref: string): Promise<ObservedInstance | null>;
  /** Every instance that carries this platform's id. */
  list(): Promise<ObservedInstance[]>;
  /** Sockets it listens on; null when this engine or these rights cannot tell. */
  listeners(ref: string): Promise<Listener[] | null>;
  /** False when the address is held by somebody else than the instance (possible where instances share a host's ports). */
  ownsAddress(ref: string, address: Address): Promise<boolean>;
  /**
   * Of every instance of this platform that runs or is frozen, in one look that takes milliseconds where the kernel tells it and some
   * seconds where only the engine does. One that cannot be read, or ends meanwhile, is left out. Throws `engine_unavailable`.
   */
  usage(): Promise<InstanceUsage[]>;
  /** Its last lines, oldest first; and the following ones when `follow`. Lines are raw: not cleaned. */
  logs(ref: string, options: { tailLines: number; follow: boolean; signal?: AbortSignal }): AsyncIterable<string>;

  /** Calls `listener` for every event until `signal` aborts; survives restarts of the engine. */
  watch(listener: (event: EngineEvent) => void, signal: AbortSignal): Promise<void>;
  /** Removes what the engine keeps for an app: network, folders, caches. Its instances and images are gone by then. */
  removeApp(appId: string): Promise<void>;
  /** App ids for which the engine keeps anything. */
  listApps(): Promise<string[]>;
  /** Closes connections; instances go on. */
  close(): Promise<void>;
}

/** Platform-wide unique values that engines hand out (subnets, ports), kept by the store. */
export interface Reservations {
  /** The first of `candidates` that is free becomes `ownerId`'s; what it already holds of `kind` is returned instead. Null: none is free. */
  reserve(kind: 'subnet' | 'port', ownerId: string, candidates: readonly string[]): Promise<string | null>;
  release(kind: 'subnet' | 'port', ownerId: string): Promise<void>;
  /** ownerId → value. */
  list(kind: 'subnet' | 'port'): Promise<ReadonlyMap<string, string>>;
}
