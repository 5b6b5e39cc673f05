/** `teal down`: ends what outlives `teal up`: HAProxy, a database that a killed Teal left, on request the instances. Deletes nothing. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isTealError } from '@teal/core';
import type { Engine } from '@teal/deployer';
import { type HostReport, prepareHost, removeFirewall } from '@teal/host';
import { endSupervisor } from '@teal/router';
import { migrate, openStore } from '@teal/store';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { openDatabase } from './database.ts';
import { type DataFolder, openDataFolder, platformOf } from './dataFolder.ts';
import { createEngine } from './engines.ts';
import { openSecretKeys } from './secretKeys.ts';

const TEAL_ENDS_MS = 90_000;
const LOOK_MS = 50;
const STOP_GRACE_MS = 10_000;

export interface DownOptions {
  config: Config;
  /** Ends the instances too. */
  instances: boolean;
  log: Logger;
  /** Takes one line for people per thing that was done. */
  say(line: string): void;
}

/** Throws `data_folder_in_use` when a running Teal does not end. */
export async function down(options: DownOptions): Promise<void> {
  const { config, instances, say } = options;
  const platformId = await platformOf(config.dataDir);
  if (platformId === null) {
    say(`no Teal has run in ${config.dataDir}`);
    return;
  }
  const folder = await takeOver(options);
  try {
    const ran = await endSupervisor(folder.routerDir);
    say(ran ? 'HAProxy and its supervisor have ended: nothing answers for the apps' : 'no HAProxy ran');
    await withDatabase(options, folder, (parts) =>
      instances ? endInstances(options, { ...parts, platformId }) : Promise.resolve(),
    );
    // What runs on stays filtered.
    if (instances) await removeFirewall({ platformId, environment: process.env });
    else say('instances run on: "teal up" takes them up again, "teal down --instances" ends them');
  } finally {
    await folder.release();
  }
}

/** The folder's lock, once the Teal that holds it has ended. */
async function takeOver({ config, say }: DownOptions): Promise<DataFolder> {
  let told: number | null = null;
  const deadline = performance.now() + TEAL_ENDS_MS;
  for (;;) {
    try {
      return await openDataFolder(config.dataDir);
    } catch (error) {
      if (!isTealError(error, 'data_folder_in_use') || performance.now() > deadline) throw error;
      const pid = Number(error.facts.pid);
      if (!Number.isInteger(pid)) throw error;
      if (told !== pid) {
        say(`Teal (process ${pid}) is told to end`);
        process.kill(pid, 'SIGTERM');
        told = pid;
      }
      await delay(LOOK_MS);
    }
  }
}

interface Parts {
  folder: DataFolder;
  host: HostReport;
  database: Awaited<ReturnType<typeof openDatabase>>;
}

/** An embedded PostgreSQL that a killed Teal left is adopted, and stopped at the end. */
async function withDatabase(
  { config, log }: DownOptions,
  folder: DataFolder,
  act: (parts: Parts) => Promise<void>,
): Promise<void> {
  if (config.databaseUrl === null && !existsSync(folder.postgresDir)) return;
  const environment =
    config.dockerSocket === null ? process.env : { ...process.env, DOCKER_HOST: `unix://${config.dockerSocket}` };
  const want = config.engine === 'process' ? [] : (['docker'] as const);
  const host = await prepareHost({
    want,
    install: false,
    environment,
    say: (line) => log.info({ part: 'host' }, line),
  });
  const database = await openDatabase(config, {
    postgresDir: folder.postgresDir,
    runAs: host.accounts?.postgres ?? null,
    log,
  });
  try {
    await act({ folder, host, database });
  } finally {
    await database.stop();
  }
}

async function endInstances(
  { config, log, say }: DownOptions,
  { folder, host, database, platformId }: Parts & { platformId: string },
): Promise<void> {
  // An older Teal may have left it: what is to be read is what this one knows.
  await migrate({ ...database.options, migrationsDir: config.migrationsDir });
  const keys = await openSecretKeys(config, { file: folder.secretKeyFile, database: database.options });
  const store = await openStore({ ...database.options, secretKeys: keys.keys });
  try {
    const engine = await createEngine({ config, host, store, platformId, engineDir: folder.engineDir, log });
    try {
      say(`${await stopAll(engine)} instances have ended: "teal up" starts what was live again`);
    } finally {
      await engine.close();
    }
  } finally {
    await store.close();
  }
}

async function stopAll(engine: Engine): Promise<number> {
  const running = (await engine.list()).filter(({ status }) => status !== 'exited');
  await Promise.all(running.map(({ ref }) => engine.stop(ref, { graceMs: STOP_GRACE_MS })));
  return running.length;
}
