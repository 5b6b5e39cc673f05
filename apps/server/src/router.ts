/** Chooses the router: HAProxy, which serves on while Teal is away, or the embedded one, which is always there. */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TealError } from '@teal/core';
import { findExecutable } from '@teal/host';
import {
  createEmbeddedRouter,
  createHaproxyRouter,
  type EmbeddedRouter,
  endSupervisor,
  type HaproxyRouter,
} from '@teal/router';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { DataFolder } from './dataFolder.ts';

export interface ChosenRouter {
  kind: 'haproxy' | 'embedded';
  router: HaproxyRouter | EmbeddedRouter;
}

export interface RouterParts {
  config: Config;
  folder: DataFolder;
  proofSecret: string;
  log: Logger;
}

const SOCKET_FOLDER_MAX_BYTES = 80;

/** The same at every start, so that what outlived the one before is found again. */
function socketDir(dataDir: string): string {
  const near = join(dataDir, 'router');
  if (Buffer.byteLength(near) <= SOCKET_FOLDER_MAX_BYTES) return near;
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  return join(process.getuid?.() === 0 ? '/run' : tmpdir(), `teal-router-${digest}`);
}

/** Serves nothing yet. Throws `configuration_invalid` where HAProxy is asked for and missing. */
export async function createRouter({ config, folder, proofSecret, log }: RouterParts): Promise<ChosenRouter> {
  const binary = config.router === 'embedded' ? null : findExecutable('haproxy', process.env);
  if (config.router === 'haproxy' && binary === null) {
    const detail = '  --router / TEAL_ROUTER: HAProxy is not installed (Debian: apt-get install haproxy)';
    throw new TealError('configuration_invalid', { detail });
  }
  const door = { host: config.host, port: config.httpPort, securePort: config.httpsPort, proofSecret, log };
  if (binary === null) {
    // One of an earlier start would hold the ports.
    await endSupervisor(folder.routerDir);
    return { kind: 'embedded', router: createEmbeddedRouter({ ...door, accessLogDir: folder.accessLogDir }) };
  }
  const router = createHaproxyRouter({
    ...door,
    binary,
    stateDir: folder.routerDir,
    socketDir: socketDir(folder.dir),
    launcher: config.haproxyLauncher,
  });
  return { kind: 'haproxy', router };
}
