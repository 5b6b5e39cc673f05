/** Keeps what an app's install steps made, so that a push that changes only source installs nothing. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '@teal/core';
import type { SourceTree } from '@teal/deployer';
import type { RecipePlan } from '@teal/recipes';
import { type Layout, type RunAs, SYSTEM_PATH } from './options.ts';
import { digest } from './plan.ts';
import { copyInto, makeOwnFolder, removeAll } from './reach.ts';
import { readJson, writeJson } from './record.ts';

const run = promisify(execFile);
/** Sets of dependencies kept per app, the latest used. */
const KEPT = 3;

/** Digest over all that decides what the install steps make; null when they need the whole source. */
export async function dependencyKey(
  recipe: RecipePlan,
  source: SourceTree,
  context: { nodeVersion: string; environment: Environment },
): Promise<string | null> {
  const steps = recipe.steps.filter((step) => step.phase === 'install');
  if (recipe.dependencyFiles === null || recipe.dependencyFiles.length === 0 || steps.length === 0) return null;
  const files: Record<string, string> = {};
  for (const path of recipe.dependencyFiles) {
    files[path] = createHash('sha256')
      .update((await source.read(path)) ?? '')
      .digest('hex');
  }
  const { recipe: name, version, base } = recipe;
  return digest({ name, version, base, steps, files, own: recipe.environment, ...context });
}

function escapeForSed(text: string): string {
  return text.replace(/[\\.*^$[\]#&/]/g, '\\$&');
}

/** A Python environment holds its own path in the scripts of its `bin`; they get the new one. */
async function relocate(folder: string, from: string, runAs: RunAs): Promise<void> {
  const scripts = join(folder, '.venv/bin');
  if (!existsSync(scripts)) return;
  const change = `s#${escapeForSed(from)}/#${escapeForSed(folder)}/#g`;
  await run('find', [scripts, '-type', 'f', '-size', '-64k', '-exec', 'sed', '-i', '-e', change, '{}', '+'], {
    env: { PATH: SYSTEM_PATH, LC_ALL: 'C' },
    ...(runAs ?? {}),
  });
}

export interface Store {
  layout: Layout;
  appId: string;
  runAs: RunAs;
}

/** Fills the app's `folder` with the kept dependencies; false when there are none of this key. */
export async function restoreDependencies(
  { layout, appId, runAs }: Store,
  key: string,
  folder: string,
  signal: AbortSignal,
): Promise<boolean> {
  const kept = join(layout.dependencies(appId), key);
  const origin = await readJson<{ folder: string }>(join(kept, 'origin.json'));
  if (origin === null) return false;
  await copyInto(join(kept, 'files'), folder, runAs, signal);
  await relocate(folder, origin.folder, runAs);
  const now = new Date();
  await utimes(kept, now, now);
  return true;
}

async function prune(folder: string): Promise<void> {
  const all = await Promise.all(
    (await readdir(folder)).map(async (name) => ({ name, usedMs: (await stat(join(folder, name))).mtimeMs })),
  );
  const old = all.sort((a, b) => b.usedMs - a.usedMs).slice(KEPT);
  for (const { name } of old) await removeAll(join(folder, name));
}

/** Keeps a copy of `folder` right after its install steps. */
export async function keepDependencies(
  { layout, appId, runAs }: Store,
  key: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const all = layout.dependencies(appId);
  const kept = join(all, key);
  const partial = join(all, `${key}.partial`);
  await removeAll(partial);
  await removeAll(kept);
  await makeOwnFolder(join(partial, 'files'), runAs);
  await copyInto(folder, join(partial, 'files'), runAs, signal);
  await writeJson(join(partial, 'origin.json'), { folder });
  await rename(partial, kept);
  await prune(all);
}
