/** The Docker engine: puts its parts together behind the port. */
import { join } from 'node:path';
import { TealError } from '@teal/core';
import type { Engine, Reservations } from '@teal/deployer';
import { type BaseOptions, createBases } from './base.ts';
import { createBuilder } from './build.ts';
import { createClient, QUICK_MS, sentenceOf, statusOf } from './client.ts';
import { createContainers } from './containers.ts';
import { createImages } from './image.ts';
import { createInstances } from './instance.ts';
import { createNaming } from './naming.ts';
import { createNetworks } from './network.ts';
import { createObserver } from './observe.ts';
import { createOneOffs } from './oneoff.ts';
import { createPlaces } from './place.ts';
import { createUsageReader } from './usage.ts';
import { watchInstances } from './watch.ts';

export interface DockerEngineOptions {
  /** `platform_<uuid>`: everything the engine makes carries it, and it touches nothing else. */
  platformId: string;
  socketPath: string;
  /** A folder of the engine's own, for what is on its way into an image. */
  dataDir: string;
  reservations: Reservations;
  /** Address ranges, for instance `10.90.0.0/16`, out of which every app's network gets a /27. */
  subnets: readonly string[];
  /** Variables that a user's Dockerfile gets as build arguments (TEAL_BUILD_ARGS). They are no secrets. */
  buildArgNames: readonly string[];
  buildDeadlineMs: number;
  /** One of {@link dockerRuntimes}, for instance `runsc`; null: Docker's default. Builds are run as BuildKit runs them. */
  runtime: string | null;
  bases: BaseOptions;
}

/** What the daemon refuses unexpectedly is told in the catalogue's words. */
async function named<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === null) throw error;
    throw new TealError('engine_unavailable', { engine: 'docker', detail: sentenceOf(error) }, { cause: error });
  }
}

/** The names under which the daemon has runtimes for containers. */
export async function dockerRuntimes(socketPath: string): Promise<string[]> {
  const client = createClient(socketPath);
  const { Runtimes } = await client.call(QUICK_MS, () => client.docker.info() as Promise<{ Runtimes?: object }>);
  return Object.keys(Runtimes ?? {}).sort();
}

export function createDockerEngine(options: DockerEngineOptions): Engine {
  const client = createClient(options.socketPath);
  const naming = createNaming(options.platformId);
  const networks = createNetworks(client, naming, { reservations: options.reservations, pools: options.subnets });
  const bases = createBases(client, join(options.dataDir, 'bases'), options.bases);
  const builder = createBuilder(client, naming, bases, options);
  const images = createImages(client, naming, options.platformId);
  const observer = createObserver(client, naming);
  const containers = createContainers(client, naming, { networks, runtime: options.runtime });
  const places = createPlaces({ client, naming, networks, image: () => bases.any() });
  const instances = createInstances(client, naming, { containers, observer, places });
  const usage = createUsageReader(client, naming);
  const runOneOff = createOneOffs(client, naming, containers);

  return {
    kind: 'docker',
    plan: (request) => builder.plan(request),
    build: (request) => builder.build(request),
    hasImage: (ref) => named(images.has(ref)),
    removeImage: (ref) => named(images.remove(ref)),
    listImages: () => named(images.list()),

    async prepare({ instanceId, appId }) {
      // a sandbox may bring a network stack of its own, which has never been tried inside another container's network
      if (options.runtime === null) await places.prepare(instanceId, appId);
      return naming.instanceRef(instanceId);
    },
    start: (spec, signal) => named(instances.start(spec, signal)),
    run: (spec, once) => named(runOneOff(spec, once)),
    setRestart: (ref, restart) => named(instances.setRestart(ref, restart)),
    sleep: (ref) => named(instances.sleep(ref)),
    wake: (ref) => named(instances.wake(ref)),
    stop: (ref, { graceMs }) => named(instances.stop(ref, graceMs)),
    inspect: (ref) => named(observer.inspect(ref)),
    list: () => named(observer.list()),
    listeners: (ref) => named(observer.listeners(ref)),
    // its network is its own: nobody else can hold the address
    ownsAddress: async () => true,
    usage: () => named(usage()),
    logs: (ref, wanted) => observer.logs(ref, wanted),

    watch: (listener, signal) => watchInstances({ client, naming, observer }, listener, signal),
    removeApp: (appId) => named(networks.remove(appId)),
    async listApps() {
      const containers = (await observer.list()).map((instance) => instance.appId);
      return [...new Set([...containers, ...(await networks.listApps()), ...(await images.listApps())])];
    },
    close: () => bases.close(),
  };
}
