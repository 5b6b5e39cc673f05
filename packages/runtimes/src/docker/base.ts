/** Base images: makes them on first need, once, and knows their versions. Recipes build on them. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TealError } from '@teal/core';
import type { BuildLog } from '@teal/deployer';
import { type BaseParts, baseContext } from './basefiles.ts';
import { BASE_FORMAT, type BaseKind, baseKind } from './basekinds.ts';
import { type DockerClient, QUICK_MS } from './client.ts';
import { runCommand } from './command.ts';
import { tarOf } from './context.ts';
import { LABEL } from './naming.ts';
import { pullOfficial } from './pull.ts';
import { createRoots, isCurrent, withFolder } from './root.ts';
import { runBuild } from './runbuild.ts';
import { createSharedWork } from './shared.ts';

export interface BaseOptions {
  /** PEM file that builds and apps trust besides the distribution's certificates; null: none. */
  caFile: string | null;
  /** `auto` asks the registry that the daemon knows and, when that is not reachable, uses the host's distribution. */
  from: 'auto' | 'registry' | 'debian';
  /** Raised by a platform update: bases are made anew and apps on them get new images. */
  edition: number;
  /** The host's npm, for the packages that carry Node. */
  npm: string;
}

export interface Bases {
  /** Digest over everything that decides the base; the same on every host with the same options. */
  version(name: string): Promise<string>;
  /** Makes the image when it is missing or of another version. Throws `base_unavailable`. */
  ensure(name: string, log: BuildLog, signal: AbortSignal): Promise<void>;
  /** A base that is there already, whichever; null when none is. */
  any(): Promise<string | null>;
  close(): Promise<void>;
}

export function createBases(client: DockerClient, dataDir: string, options: BaseOptions): Bases {
  const roots = createRoots(client, dataDir, options.edition);
  let ca: Promise<Buffer | null> | null = null;

  function readCa(): Promise<Buffer | null> {
    const { caFile } = options;
    if (caFile === null) return Promise.resolve(null);
    ca ??= readFile(caFile).catch((cause: unknown) => {
      ca = null;
      throw new TealError('base_unavailable', { base: 'teal', detail: `${caFile} cannot be read` }, { cause });
    });
    return ca;
  }

  async function version(name: string): Promise<string> {
    const certificates = createHash('sha256')
      .update((await readCa()) ?? '')
      .digest('hex');
    const kind = baseKind(name);
    const standsOn = kind !== null && 'base' in kind.on ? await version(kind.on.base) : null;
    const facts = [BASE_FORMAT, options.edition, certificates, kind, standsOn];
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
  }

  async function fetchPackages(kind: BaseKind, folder: string, log: BuildLog, signal: AbortSignal): Promise<void> {
    if (kind.npm.length === 0) return;
    log('teal', `fetching ${kind.npm.join(', ')}`);
    const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    const argv = [options.npm, 'install', `--prefix=${folder}`, ...flags, '--', ...kind.npm] as const;
    const result = await runCommand(argv, { cwd: folder, signal, line: (text) => log('build', text) });
    if (result.exitCode === 0) return;
    throw new TealError('base_unavailable', { base: kind.name, detail: `npm failed: ${result.tail.join(' | ')}` });
  }

  /** The official image's name if it is to be had and wanted, else null. */
  async function official(kind: BaseKind, log: BuildLog, signal: AbortSignal): Promise<string | null> {
    if (options.from === 'debian' || kind.official === null) return null;
    const problem = await pullOfficial(client, kind.official, log, signal);
    if (problem === null) return kind.official;
    if (options.from === 'registry') throw new TealError('base_unavailable', { base: kind.name, detail: problem });
    log('teal', `no image registry is reachable (${problem}); using packages instead`);
    return null;
  }

  function below(kind: BaseKind, log: BuildLog, signal: AbortSignal): Promise<string> {
    if ('root' in kind.on) return roots.ensure(kind.on.root, log, signal);
    const { base } = kind.on;
    return shared.join(base, log, signal).then(() => base);
  }

  /** What `kind` stands on and its packages, both at once: they wait for the network in turns otherwise. */
  async function ingredients(kind: BaseKind, folder: string, log: BuildLog, signal: AbortSignal): Promise<string> {
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const work = [below(kind, log, either), fetchPackages(kind, folder, log, either)] as const;
    try {
      return (await Promise.all(work))[0];
    } catch (error) {
      failed.abort(error);
      await Promise.allSettled(work);
      throw error;
    }
  }

  async function make(kind: BaseKind, folder: string, log: BuildLog, signal: AbortSignal): Promise<void> {
    const pulled = await official(kind, log, signal);
    const from = pulled ?? (await ingredients(kind, folder, log, signal));
    const packages = join(folder, 'node_modules');
    const parts: BaseParts = {
      from,
      derived: 'base' in kind.on,
      lines: pulled === null ? kind.lines : [],
      ca: await readCa(),
      label: { name: LABEL.base, value: await version(kind.name) },
    };
    const outcome = await runBuild(client, {
      context: tarOf(baseContext(parts, pulled === null && kind.npm.length > 0 ? { packages } : {})),
      dockerfile: 'Dockerfile',
      tag: kind.name,
      labels: {},
      buildArgs: {},
      cacheScope: null,
      fresh: false,
      commandsOnly: true,
      log: (source, text) => source === 'build' && log(source, text),
      signal,
    });
    if (!outcome.ok) throw new TealError('base_unavailable', { base: kind.name, detail: outcome.message });
  }

  const shared = createSharedWork(async (name, log, signal) => {
    const kind = baseKind(name);
    if (kind === null) throw new TealError('base_unavailable', { base: name, detail: 'no base of that name is known' });
    if (await isCurrent(client, name, await version(name))) return;
    log('teal', `making the base image ${name}`);
    await withFolder(dataDir, (folder) => make(kind, folder, log, signal));
    log('teal', `the base image ${name} is ready`);
  });

  return {
    version,
    ensure: (name, log, signal) => shared.join(name, log, signal),
    async any() {
      const filters = JSON.stringify({ label: [LABEL.base] });
      const found = await client.call(QUICK_MS, (abortSignal) => client.docker.listImages({ filters, abortSignal }));
      // images of apps carry the label of the base that they stand on
      return found.flatMap((image) => image.RepoTags ?? []).find((tag) => baseKind(tag) !== null) ?? null;
    },
    async close() {
      await shared.close();
      await roots.close();
    },
  };
}
