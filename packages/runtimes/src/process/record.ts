/** What the engine knows of each instance, one file per instance, so that a restarted Teal finds them again. */
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isId } from '@teal/core';
import type { InstanceSpec } from '@teal/deployer';
import type { Layout } from './options.ts';
import { removeAll } from './reach.ts';
import type { ProcessIdentity, Session } from './session.ts';

const REMOVED = 'removed-';

export interface InstanceRecord {
  spec: InstanceSpec;
  port: number;
  /** Null from before its start until it is known. */
  process: ProcessIdentity | null;
  startedAt: string | null;
  restart: boolean;
  /** How it ended by itself; null while it has not, as far as anybody noticed. */
  exit: { exitCode: number | null } | null;
}

/** Variable that every process of an instance carries. */
export function instanceMarker(instanceId: string): string {
  return `INSTANCE_ID=${instanceId}`;
}

export function sessionOf(record: InstanceRecord): Session | null {
  return record.process === null ? null : { leader: record.process, marker: instanceMarker(record.spec.instanceId) };
}

/** Writes a JSON file whole or not at all; only its owner may read it, for environments are secret. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(value));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
}

/** The file's value; null when there is no such file. */
export async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

function recordFile(layout: Layout, instanceId: string): string {
  return join(layout.instance(instanceId), 'instance.json');
}

export async function readRecord(layout: Layout, ref: string): Promise<InstanceRecord | null> {
  return isId('instance', ref) ? readJson<InstanceRecord>(recordFile(layout, ref)) : null;
}

export async function writeRecord(layout: Layout, record: InstanceRecord): Promise<void> {
  await writeJson(recordFile(layout, record.spec.instanceId), record);
}

/** Removes all that is kept of an instance. It leaves its place in one step: who writes at that moment finds none. */
export async function removeRecord(layout: Layout, instanceId: string): Promise<void> {
  const removed = join(layout.instances, `${REMOVED}${instanceId}`);
  await removeAll(removed);
  await rename(layout.instance(instanceId), removed).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await removeAll(removed);
}

/** Removes what a crash in the midst of {@link removeRecord} left. */
export async function clearRemoved(layout: Layout): Promise<void> {
  for (const name of await readdir(layout.instances)) {
    if (name.startsWith(REMOVED)) await removeAll(join(layout.instances, name));
  }
}

/** Every instance that has a record. */
export async function readRecords(layout: Layout): Promise<InstanceRecord[]> {
  const names = (await readdir(layout.instances)).filter((name) => isId('instance', name));
  const records = await Promise.all(names.map((name) => readRecord(layout, name)));
  return records.filter((record) => record !== null);
}
