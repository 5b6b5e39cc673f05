/** Teal's own routers as contenders, and HAProxy's with its processes at hand. Measures nothing. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from '@teal/core';
import type { Router } from '@teal/deployer';
import { createHaproxyRouter, type HaproxyRouter } from '@teal/router';
import { RouterProcess } from '../attacks/routers.ts';
import { processesIn } from './processes.ts';
import { type Contender, HAPROXY, HOST, makeFolder } from './proxies.ts';

export interface TealHaproxy {
  router: HaproxyRouter;
  dir: string;
  haproxyPid(): Promise<number>;
  supervisorPid(): Promise<number>;
  close(): Promise<void>;
}

/** Not serving yet. */
export async function makeTealHaproxy(): Promise<TealHaproxy> {
  const dir = await makeFolder();
  const router = createHaproxyRouter({
    host: '127.0.0.1',
    port: 0,
    proofSecret: 'proof-of-this-start',
    binary: HAPROXY,
    stateDir: dir,
    socketDir: join(dir, 's'),
    threads: 1,
  });
  await mkdir(join(dir, 's'), { recursive: true });
  const only = async (command: string) => {
    const [pid] = await processesIn(dir, command);
    if (pid === undefined) throw new Error(`no ${command} runs in ${dir}`);
    return pid;
  };
  return {
    router,
    dir,
    haproxyPid: () => only('haproxy'),
    supervisorPid: () => only('node'),
    close: async () => {
      await router.shutdown();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** One app at `host`, live on blue. */
export async function fillApp(
  router: Pick<Router, 'setPool' | 'setHosts' | 'setRoute'>,
  { appId, host, address }: { appId: string; host: string; address: Address },
): Promise<void> {
  const members = [{ instanceId: `instance_${appId}`, address }];
  await router.setPool({ appId, colour: 'blue', releaseId: 'r', deploymentId: `deployment_${appId}`, members });
  await router.setHosts(appId, [host]);
  await router.setRoute(appId, { mode: 'up', live: 'blue' });
}

export async function startTeal(originPort: number): Promise<Contender> {
  const teal = await makeTealHaproxy();
  try {
    const address = { host: '127.0.0.1', port: originPort };
    await fillApp(teal.router, { appId: 'app_bench', host: HOST, address });
    await teal.router.listen();
    const [pid, helperPid] = [await teal.haproxyPid(), await teal.supervisorPid()];
    return { name: 'HAProxy, Teal', port: teal.router.publicAddress().port, pid, helperPid, close: teal.close };
  } catch (error) {
    await teal.close();
    throw error;
  }
}

export async function startEmbedded(originPort: number): Promise<Contender> {
  const dir = await makeFolder();
  const router = await RouterProcess.start('embedded', dir);
  const address = { host: '127.0.0.1', port: originPort };
  const members = [{ instanceId: 'instance_bench', address }];
  const pool = { appId: 'app_bench', colour: 'blue' as const, releaseId: 'r', deploymentId: 'd', members };
  await router.call('setPool', pool);
  await router.call('setHosts', 'app_bench', [HOST]);
  await router.call('setRoute', 'app_bench', { mode: 'up', live: 'blue' });
  const [pid = 0] = await router.processes();
  const close = async () => {
    await router.stop();
    await rm(dir, { recursive: true, force: true });
  };
  return { name: 'embedded, Teal', port: router.address.port, pid, helperPid: null, close };
}
