/** The Docker engine: puts its parts together behind the port. */
import { join } from 'node:path';
import type { Engine, Reservations } from '@teal/deployer';
import { type BaseOptions, createBases } from './base.ts';
import { createBuilder } from './build.ts';
import { createClient } from './client.ts';
import { createImages } from './image.ts';
import { createInstances } from './instance.ts';
import { createNaming } from './naming.ts';
import { createNetworks } from './network.ts';
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
  bases: BaseOptions;
}

export function createDockerEngine(options: DockerEngineOptions): Engine {
  const client = createClient(options.socketPath);
  const naming = createNaming(options.platformId);
  const networks = createNetworks(client, naming, { reservations: options.reservations, pools: options.subnets });
  const bases = createBases(client, join(options.dataDir, 'bases'), options.bases);
  const builder = createBuilder(client, naming, bases, options);
  const images = createImages(client, naming, options.platformId);
  const instances = createInstances(client, naming, networks);

  return {
    kind: 'docker',
    plan: (request) => builder.plan(request),
    async build(request) {
      // the first instance will want it: made beside the build, it costs no time
      const network = networks.ensure(request.appId).catch(() => undefined);
      const outcome = await builder.build(request);
      await network;
      return outcome;
    },
    hasImage: (ref) => images.has(ref),
    removeImage: (ref) => images.remove(ref),
    listImages: () => images.list(),

    start: (spec, signal) => instances.start(spec, signal),
    setRestart: (ref, restart) => instances.setRestart(ref, restart),
    sleep: (ref) => instances.sleep(ref),
    wake: (ref) => instances.wake(ref),
    stop: (ref, { graceMs }) => instances.stop(ref, graceMs),
    inspect: (ref) => instances.inspect(ref),
    list: () => instances.list(),
    listeners: (ref) => instances.listeners(ref),
    // its network is its own: nobody else can hold the address
    ownsAddress: async () => true,
    logs: (ref, wanted) => instances.logs(ref, wanted),

    watch: (listener, signal) => {
      const { inspect, list } = instances;
      return watchInstances({ client, naming, inspect, list }, listener, signal);
    },
    removeApp: (appId) => networks.remove(appId),
    async listApps() {
      const containers = (await instances.list()).map((instance) => instance.appId);
      return [...new Set([...containers, ...(await networks.listApps()), ...(await images.listApps())])];
    },
    close: () => bases.close(),
  };
}
