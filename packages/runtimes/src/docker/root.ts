/** The root file systems that bases stand on, as images: each made once, however many bases want it. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TealError } from '@teal/core';
import type { BuildLog } from '@teal/deployer';
import { readDistribution } from './aptsources.ts';
import { BASE_FORMAT, ROOT_PACKAGES, type RootKind } from './basekinds.ts';
import { type DockerClient, orNull, QUICK_MS } from './client.ts';
import { makeDebianImage } from './debian.ts';
import { LABEL } from './naming.ts';
import { createSharedWork } from './shared.ts';

export interface Roots {
  /** The image's name. Throws `base_unavailable`. */
  ensure(kind: RootKind, log: BuildLog, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

/** Whether the image `tag` is there and was made from what `version` stands for. */
export async function isCurrent(client: DockerClient, tag: string, version: string): Promise<boolean> {
  const found = await orNull(client.call(QUICK_MS, () => client.docker.getImage(tag).inspect()));
  return found?.Config?.Labels?.[LABEL.base] === version;
}

/** Makes a folder below `parent` for the time of `use`. */
export async function withFolder<T>(parent: string, use: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'making-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function createRoots(client: DockerClient, dataDir: string, edition: number): Roots {
  async function nameOf(kind: RootKind): Promise<string> {
    const distribution = await readDistribution();
    if (distribution !== null) return `teal/debian:${distribution.codename}-${kind}`;
    const detail = 'this host is neither Debian nor a like one';
    throw new TealError('base_unavailable', { base: `teal/debian:${kind}`, detail });
  }

  const shared = createSharedWork(async (key, log, signal) => {
    const kind = key as RootKind;
    const tag = await nameOf(kind);
    const packages = ROOT_PACKAGES[kind];
    const facts = JSON.stringify([BASE_FORMAT, edition, packages]);
    const version = createHash('sha256').update(facts).digest('hex').slice(0, 32);
    if (await isCurrent(client, tag, version)) return;
    await withFolder(dataDir, (folder) => makeDebianImage(client, { tag, version, packages, folder, log, signal }));
  });

  return {
    async ensure(kind, log, signal) {
      await shared.join(kind, log, signal);
      return nameOf(kind);
    },
    close: () => shared.close(),
  };
}
