/** Makes a Debian root file system with mmdebstrap and imports it as an image. Adds nothing of Teal's. */
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TealError } from '@teal/core';
import type { BuildLog } from '@teal/deployer';
import { readDistribution } from './aptsources.ts';
import { type DockerClient, SLOW_MS } from './client.ts';
import { runCommand } from './command.ts';
import { LABEL } from './naming.ts';
import { readProgress } from './progress.ts';

const APART = ['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--propagation', 'private', '--'];

export interface DebianRequest {
  tag: string;
  /** Goes into the image's label. */
  version: string;
  packages: readonly string[];
  folder: string;
  log: BuildLog;
  signal: AbortSignal;
}

/** Neither manuals nor translations: nobody reads them in a container. */
const TRIM = [
  '--aptopt=Acquire::Languages "none"',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-include=/usr/share/doc/*/copyright',
];

async function sourceFiles(folder: string, base: string): Promise<{ suite: string; files: string[] }> {
  const distribution = await readDistribution();
  if (distribution === null) {
    throw new TealError('base_unavailable', { base, detail: 'this host is neither Debian nor a like one' });
  }
  const files: string[] = [];
  for (const [name, text] of [
    ['host.sources', distribution.deb822],
    ['host.list', distribution.oneLine],
  ] as const) {
    if (text === '') continue;
    const path = join(folder, name);
    await writeFile(path, `${text}\n`);
    files.push(path);
  }
  return { suite: distribution.codename, files };
}

async function bootstrap(request: DebianRequest, archive: string): Promise<void> {
  const { suite, files } = await sourceFiles(request.folder, request.tag);
  // its own temporary folder below ours, so that nothing stays when it is ended
  // As root mmdebstrap mounts /proc, /sys and /dev into its folder: in a mount namespace of their own they go with it,
  // however it ends, and nobody who removes the folder can reach through them into the host.
  const apart = process.getuid?.() === 0 ? APART : [];
  const argv = [
    `TMPDIR=${request.folder}`,
    ...apart,
    'mmdebstrap',
    '--quiet',
    '--variant=minbase',
    `--include=${request.packages.join(',')}`,
  ];
  const line = (text: string) => request.log('build', text);
  const run = runCommand(['env', ...argv, ...TRIM, '--', suite, archive, ...files], {
    cwd: request.folder,
    signal: request.signal,
    line,
  });
  const result = await run.catch((error: unknown) => {
    if (request.signal.aborted) throw error;
    const detail = 'mmdebstrap cannot be run. Install it ("apt-get install mmdebstrap")';
    throw new TealError('base_unavailable', { base: request.tag, detail }, { cause: error });
  });
  if (result.exitCode === 0) return;
  const rights = process.getuid?.() === 0 ? '' : ' Run Teal once as root to make it.';
  const detail = `mmdebstrap failed: ${result.tail.join(' | ')}.${rights}`;
  throw new TealError('base_unavailable', { base: request.tag, detail });
}

/** Takes half a minute. Throws `base_unavailable`. */
export async function makeDebianImage(client: DockerClient, request: DebianRequest): Promise<void> {
  const archive = join(request.folder, 'root.tar');
  request.log('teal', `making ${request.tag} from packages of this host's distribution (once, about half a minute)`);
  try {
    await bootstrap(request, archive);
    const [repo = '', tag = ''] = request.tag.split(':');
    const changes = `LABEL ${LABEL.base}=${request.version}`;
    const stream = await client.call(
      SLOW_MS,
      (abortSignal) => client.docker.importImage(createReadStream(archive), { repo, tag, changes, abortSignal }),
      request.signal,
    );
    for await (const event of readProgress(stream as AsyncIterable<Buffer>)) {
      if (event.type !== 'error' && event.type !== 'truncated') continue;
      const detail = event.type === 'error' ? event.message : 'the import ended early';
      throw new TealError('base_unavailable', { base: request.tag, detail });
    }
  } finally {
    await rm(archive, { force: true });
  }
}
