/** Base images: makes them on first need, once, and knows their versions. Recipes build on them. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TealError } from '@teal/core';
import type { BuildLog } from '@teal/deployer';
import { readDistribution } from './aptsources.ts';
import { type BaseParts, baseContext } from './basefiles.ts';
import { BASE_FORMAT, type BaseKind, baseKind } from './basekinds.ts';
import { type DockerClient, orNull, QUICK_MS } from './client.ts';
import { runCommand } from './command.ts';
import { tarOf } from './context.ts';
import { makeDebianImage } from './debian.ts';
import { LABEL } from './naming.ts';
import { pullOfficial } from './pull.ts';
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
  close(): Promise<void>;
}

export function createBases(client: DockerClient, dataDir: string, options: BaseOptions): Bases {
  const { docker } = client;
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
    const below = kind !== null && 'base' in kind.on ? await version(kind.on.base) : null;
    const facts = [BASE_FORMAT, options.edition, certificates, kind, below];
    return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
  }

  /** Whether the image `tag` is there and made from `expected`. */
  async function isThere(tag: string, expected: string): Promise<boolean> {
    const found = await orNull(client.call(QUICK_MS, () => docker.getImage(tag).inspect()));
    return found?.Config?.Labels?.[LABEL.base] === expected;
  }

  async function fetchPackages(kind: BaseKind, folder: string, log: BuildLog, signal: AbortSignal): Promise<void> {
    log('teal', `fetching ${kind.npm.join(', ')}`);
    const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    const argv = [options.npm, 'install', `--prefix=${folder}`, ...flags, '--', ...kind.npm] as const;
    const result = await runCommand(argv, { cwd: folder, signal, line: (text) => log('build', text) });
    if (result.exitCode === 0) return;
    throw new TealError('base_unavailable', { base: kind.name, detail: `npm failed: ${result.tail.join(' | ')}` });
  }

  /** The image that `kind` stands on, made or pulled. */
  async function foundation(kind: BaseKind, folder: string, log: BuildLog, signal: AbortSignal) {
    if ('base' in kind.on) {
      await shared.join(kind.on.base, log, signal);
      return { image: kind.on.base, official: false };
    }
    if (options.from !== 'debian' && kind.official !== null) {
      const problem = await pullOfficial(client, kind.official, log, signal);
      if (problem === null) return { image: kind.official, official: true };
      if (options.from === 'registry') throw new TealError('base_unavailable', { base: kind.name, detail: problem });
      log('teal', `no image registry is reachable (${problem}); using packages instead`);
    }
    const { suffix, packages } = kind.on;
    const codename = (await readDistribution())?.codename ?? 'none';
    const tag = `teal/debian:${codename}${suffix}`;
    const made = createHash('sha256').update(JSON.stringify([BASE_FORMAT, options.edition, packages]));
    const label = made.digest('hex').slice(0, 32);
    if (!(await isThere(tag, label))) {
      await makeDebianImage(client, { tag, base: kind.name, version: label, packages, folder, log, signal });
    }
    return { image: tag, official: false };
  }

  async function make(kind: BaseKind, folder: string, log: BuildLog, signal: AbortSignal): Promise<void> {
    const { image, official } = await foundation(kind, folder, log, signal);
    const npm = official ? [] : kind.npm;
    if (npm.length > 0) await fetchPackages(kind, folder, log, signal);
    const label = { name: LABEL.base, value: await version(kind.name) };
    const parts: BaseParts = {
      from: image,
      derived: 'base' in kind.on,
      lines: official ? kind.officialLines : kind.lines,
      ca: await readCa(),
      label,
    };
    const folders: Record<string, string> = npm.length > 0 ? { packages: join(folder, 'node_modules') } : {};
    const outcome = await runBuild(client, {
      context: tarOf(baseContext(parts, folders)),
      dockerfile: 'Dockerfile',
      tag: kind.name,
      labels: {},
      buildArgs: {},
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
    if (await isThere(name, await version(name))) return;
    log('teal', `making the base image ${name}`);
    await mkdir(dataDir, { recursive: true });
    const folder = await mkdtemp(join(dataDir, 'base-'));
    try {
      await make(kind, folder, log, signal);
      log('teal', `the base image ${name} is ready`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  return { version, ensure: (name, log, signal) => shared.join(name, log, signal), close: () => shared.close() };
}
