/** What a run plays on: a data folder in a small tmpfs, a Docker daemon of its own in another, a platform with one app. */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Repository } from '../e2e/repository.ts';
import { command } from './command.ts';
import { Deeds } from './deeds.ts';
import { OwnDockerd, SUBNETS } from './dockerd.ts';
import { ChaosPlatform } from './platform.ts';

export const APP = 'web';
const DISK = '768m';

export interface Scene {
  platform: ChaosPlatform;
  dockerd: OwnDockerd;
  deeds: Deeds;
  close(): Promise<void>;
}

export interface SceneOptions {
  /** Where the logs of platform and daemon are kept; on none of the disks that are filled. */
  logDir: string;
  /** Of the disk of Docker, as tmpfs wants it. */
  dockerDisk: string;
  say(line: string): void;
}

/** With a first version live. Undone in reverse, whatever came of it. */
export async function openScene({ logDir, dockerDisk, say }: SceneOptions): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-chaos-'));
  await chmod(folder, 0o755);
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step().catch((error) => say(`clearing up: ${error}`));
  };
  try {
    const dataDir = join(folder, 'data');
    await mkdir(dataDir);
    await command('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=0755`, 'teal-chaos', dataDir]);
    undo.push(() => command('umount', ['-l', dataDir]));
    say('starting a Docker daemon of its own');
    const dockerd = await OwnDockerd.start({
      dir: join(folder, 'docker'),
      disk: dockerDisk,
      logFile: join(logDir, 'dockerd.log'),
    });
    undo.push(() => dockerd.destroy());
    say('starting the platform');
    const environment = { TEAL_DOCKER_SOCKET: dockerd.socketPath, TEAL_ROUTER: 'haproxy', TEAL_SUBNETS: SUBNETS };
    const logFile = join(logDir, 'platform.log');
    const platform = await ChaosPlatform.start({ engine: 'docker', dataDir, logFile, environment });
    undo.push(() => platform.down());
    await platform.createApp(APP, { scale: 2 });
    const repository = await Repository.create(platform.gitUrl(APP));
    undo.push(() => repository.remove());
    const deeds = new Deeds(platform, repository, APP);
    const told = await deeds.push();
    if (!told.includes(' is live at ')) throw new Error(`the first push did not go live\n${told}`);
    return { platform, dockerd, deeds, close };
  } catch (error) {
    await close();
    throw error;
  }
}
