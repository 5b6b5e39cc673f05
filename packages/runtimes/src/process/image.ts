/** Images of the process engine: a folder each, complete once its description is there. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isId } from '@teal/core';
import type { HostPlan } from '@teal/recipes';
import type { Layout } from './options.ts';
import { removeAll } from './reach.ts';
import { readJson, writeJson } from './record.ts';
import { killSession, leadersWith, type ProcessIdentity, statusOf } from './session.ts';

export interface ImageDescription {
  appId: string;
  plan: Pick<HostPlan, 'run' | 'environment' | 'pathEntries'>;
}

/** Variable that every process of a build carries. */
export function buildMarker(imageId: string): string {
  return `TEAL_BUILD=${imageId}`;
}

export function appFolder(layout: Layout, imageId: string): string {
  return join(layout.image(imageId), 'app');
}

/** Says whose build works in the folder, for clean-up after a crash. */
export async function markBuilding(layout: Layout, imageId: string, owner: ProcessIdentity): Promise<void> {
  await writeJson(join(layout.image(imageId), 'building.json'), owner);
}

export async function writeImage(layout: Layout, imageId: string, image: ImageDescription): Promise<void> {
  await writeJson(join(layout.image(imageId), 'image.json'), image);
}

/** Null when there is no such image, or it is not complete. */
export async function readImage(layout: Layout, ref: string): Promise<ImageDescription | null> {
  return isId('image', ref) ? readJson<ImageDescription>(join(layout.image(ref), 'image.json')) : null;
}

export async function removeImage(layout: Layout, ref: string): Promise<void> {
  if (!isId('image', ref)) return;
  // The description goes first: half an image is none.
  await removeAll(join(layout.image(ref), 'image.json'));
  await removeAll(layout.image(ref));
}

/** Complete images and what is known of them. */
export async function listImages(layout: Layout): Promise<Map<string, ImageDescription>> {
  const found = new Map<string, ImageDescription>();
  for (const name of await readdir(layout.images)) {
    const image = await readImage(layout, name);
    if (image !== null) found.set(name, image);
  }
  return found;
}

/** Ends builds whose Teal died and removes what they left. */
export async function clearBrokenBuilds(layout: Layout): Promise<void> {
  for (const name of await readdir(layout.images)) {
    if (!isId('image', name) || (await readImage(layout, name)) !== null) continue;
    const owner = await readJson<ProcessIdentity>(join(layout.image(name), 'building.json'));
    if (owner !== null && statusOf(owner) !== 'gone') continue;
    const marker = buildMarker(name);
    for (const leader of leadersWith(marker)) await killSession({ leader, marker });
    await removeAll(layout.image(name));
  }
}
