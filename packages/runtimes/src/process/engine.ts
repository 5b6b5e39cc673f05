/** The process engine: images are folders, instances are sessions of processes on this host. No isolation. */
import { readdir, realpath } from 'node:fs/promises';
import { type Address, isId, type Listener } from '@teal/core';
import type { Engine, EngineEvent } from '@teal/deployer';
import { type BuildContext, buildImage } from './build.ts';
import { clearBrokenBuilds, listImages, readImage, removeImage } from './image.ts';
import { Instances } from './instances.ts';
import { readLog } from './logs.ts';
import { OneOffs } from './oneoff.ts';
import { engineTrouble, Layout, type ProcessEngineOptions } from './options.ts';
import { planBuild } from './plan.ts';
import { blockedFolder, makeFolder, removeAll } from './reach.ts';
import { readRecord, sessionOf } from './record.ts';
import { memberPids } from './session.ts';
import { listeningSockets, socketInodes } from './sockets.ts';
import { prepareTools } from './tools.ts';
import { Turns } from './turn.ts';
import { usageOf } from './usage.ts';

/** The deployer's own deadline is shorter; this one holds whoever asks. */
const BUILD_DEADLINE_MS = 30 * 60_000;

async function openFolders(options: ProcessEngineOptions): Promise<BuildContext> {
  if (process.getuid?.() === 0 && options.runAs === null) {
    throw engineTrouble('apps do not run as root, and no other user was given');
  }
  await makeFolder(options.dataDir, 0o755);
  const layout = new Layout(await realpath(options.dataDir));
  const blocked = await blockedFolder(layout.root, options.runAs);
  if (blocked !== null) {
    const uid = options.runAs?.uid;
    throw engineTrouble(`the user apps run as (uid ${uid}) cannot enter ${blocked}; choose a data folder elsewhere`);
  }
  for (const folder of [layout.images, layout.apps]) await makeFolder(folder, 0o755);
  // Records hold environments: nobody but Teal looks in here.
  await makeFolder(layout.instances, 0o700);
  return { layout, options, tools: await prepareTools(layout, options) };
}

/** The pids of an instance's live processes; null when there is no such instance. */
async function pidsOf(context: BuildContext, ref: string): Promise<number[] | null> {
  const record = await readRecord(context.layout, ref);
  const session = record === null ? null : sessionOf(record);
  return session === null ? null : memberPids(session);
}

async function listenersOf(context: BuildContext, ref: string): Promise<Listener[] | null> {
  const pids = await pidsOf(context, ref);
  const inodes = pids === null ? null : socketInodes(pids);
  if (inodes === null) return null;
  const own = listeningSockets().filter((socket) => inodes.has(socket.inode));
  return own.map(({ host, port }) => ({ host, port }));
}

/** True only when the instance listens on the port and nobody else does: a port can be shared, and then requests are. */
async function ownsPort(context: BuildContext, ref: string, { port }: Address): Promise<boolean> {
  const pids = await pidsOf(context, ref);
  if (pids === null) return false;
  const sockets = listeningSockets().filter((socket) => socket.port === port);
  const inodes = socketInodes(pids);
  if (inodes === null) return sockets.length > 0;
  return sockets.length > 0 && sockets.every((socket) => inodes.has(socket.inode));
}

/** App ids that anything is kept for. */
async function keptApps(context: BuildContext, instances: Instances): Promise<string[]> {
  const folders = (await readdir(context.layout.apps)).filter((name) => isId('app', name));
  const images = [...(await listImages(context.layout)).values()].map((image) => image.appId);
  const running = (await instances.list()).map((instance) => instance.appId);
  return [...new Set([...folders, ...images, ...running])];
}

/**
 * Opens the engine on its folder, adopting the instances that run there; one engine per folder. Not enforced here:
 * memory, CPU and process limits (they need cgroups; RLIMIT_AS breaks Node and RLIMIT_NPROC counts per user).
 * Throws `engine_unavailable`.
 */
export async function createProcessEngine(options: ProcessEngineOptions): Promise<Engine> {
  const context = await openFolders(options);
  const { layout, tools } = context;
  const listeners = new Set<(event: EngineEvent) => void>();
  const instances = new Instances(context, (event) => {
    for (const listener of listeners) listener(event);
  });
  const oneOffs = new OneOffs(context, (instanceId) => instances.stop(instanceId, 0));
  const builds = new Turns();
  const closing = new AbortController();
  await clearBrokenBuilds(layout);
  await instances.adopt();

  return {
    kind: 'process',
    plan: (request) => planBuild(tools, request),
    build: (request) =>
      builds.take(request.appId, () => {
        const signal = AbortSignal.any([request.signal, closing.signal, AbortSignal.timeout(BUILD_DEADLINE_MS)]);
        return buildImage(context, { ...request, signal });
      }),
    hasImage: async (ref) => (await readImage(layout, ref)) !== null,
    removeImage: (ref) => removeImage(layout, ref),
    listImages: async () => [...(await listImages(layout)).keys()],

    // a port is taken in no time
    prepare: async ({ instanceId }) => instanceId,
    start: (spec, signal) => instances.start(spec, signal),
    run: (spec, once) => oneOffs.run(spec, once),
    setRestart: (ref, restart) => instances.setRestart(ref, restart),
    sleep: (ref) => instances.sleep(ref),
    wake: (ref) => instances.wake(ref),
    async stop(ref, { graceMs }) {
      await oneOffs.stop(ref);
      await instances.stop(ref, graceMs);
    },
    inspect: (ref) => instances.inspect(ref),
    list: () => instances.list(),
    listeners: (ref) => listenersOf(context, ref),
    ownsAddress: (ref, address) => ownsPort(context, ref, address),
    usage: () => usageOf(layout),
    async *logs(ref, logOptions) {
      if ((await readRecord(layout, ref)) !== null) yield* readLog(layout.instance(ref), logOptions);
    },

    watch(listener, signal) {
      if (signal.aborted) return Promise.resolve();
      listeners.add(listener);
      return new Promise((resolve) => {
        signal.addEventListener(
          'abort',
          () => {
            listeners.delete(listener);
            resolve();
          },
          { once: true },
        );
      });
    },
    async removeApp(appId) {
      if (isId('app', appId)) await removeAll(layout.app(appId));
    },
    listApps: () => keptApps(context, instances),
    async close() {
      closing.abort();
      await oneOffs.close();
      await Promise.all([instances.close(), builds.settle()]);
    },
  };
}
