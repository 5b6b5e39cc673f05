/** Chooses the engine: Docker where it answers, otherwise the embedded one, saying what that means. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { TealError } from '@teal/core';
import type { Engine } from '@teal/deployer';
import type { HostReport } from '@teal/host';
import { createDockerEngine, createProcessEngine, dockerRuntimes } from '@teal/runtimes';
import type { PostgresStore } from '@teal/store';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

/** Where distributions keep the trusted certificates. */
const CA_FILES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt'];

export interface EngineParts {
  config: Config;
  host: HostReport;
  store: PostgresStore;
  platformId: string;
  engineDir: string;
  log: Logger;
}

async function caFile(config: Config): Promise<string | null> {
  for (const file of config.caFile === null ? CA_FILES : [config.caFile]) {
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  if (config.caFile !== null)
    throw new TealError('configuration_invalid', { detail: `  TEAL_CA_FILE: ${config.caFile} cannot be read` });
  return null;
}

async function checkRuntime({ runtime }: Config, socketPath: string): Promise<void> {
  if (runtime === null) return;
  const known = await dockerRuntimes(socketPath);
  if (known.includes(runtime)) return;
  const detail = `  TEAL_RUNTIME: Docker has no runtime "${runtime}", only ${known.join(', ')}; add it to /etc/docker/daemon.json`;
  throw new TealError('configuration_invalid', { detail });
}

/** Throws `engine_unavailable` when Docker was asked for and does not answer. */
export async function createEngine(parts: EngineParts): Promise<Engine> {
  const { config, host, log } = parts;
  const wantsDocker = config.engine === 'docker' || (config.engine === 'auto' && host.docker.available);
  if (wantsDocker && !host.docker.available) {
    throw new TealError('engine_unavailable', { engine: 'docker', detail: host.docker.why ?? 'no answer' });
  }
  if (wantsDocker) {
    await checkRuntime(config, host.docker.socketPath);
    return docker(parts, await caFile(config));
  }
  log.warn(
    {},
    'engine "process": apps run as plain processes of this machine, not isolated from each other; run only code you trust',
  );
  return createProcessEngine({
    dataDir: join(parts.engineDir, 'process'),
    runAs: host.accounts?.run ?? null,
    reservations: parts.store.reservations,
    caFile: await caFile(config),
    log: (line) => log.info({ engine: 'process' }, line),
  });
}

function docker({ config, host, store, platformId, engineDir }: EngineParts, trusted: string | null): Engine {
  return createDockerEngine({
    platformId,
    socketPath: host.docker.socketPath,
    dataDir: join(engineDir, 'docker'),
    reservations: store.reservations,
    subnets: config.subnets,
    buildArgNames: config.buildArgs,
    buildDeadlineMs: config.timing.buildDeadlineMs,
    runtime: config.runtime,
    bases: { caFile: trusted, from: 'auto', edition: 1, npm: 'npm' },
  });
}
