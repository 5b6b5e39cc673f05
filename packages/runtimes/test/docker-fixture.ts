/** A Docker engine of its own platform for a test file, and what removes all that it made. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, Reservations } from '@teal/deployer';
import { createDockerEngine, type DockerEngineOptions } from '@teal/runtimes';
import type { EngineFixture } from '../../../test/conformance/engine.ts';
import { memoryReservations } from '../../../test/conformance/reservations.ts';

export const SOCKET = '/var/run/docker.sock';

export interface DockerFixture extends EngineFixture {
  open(changes?: Partial<DockerEngineOptions>): Engine;
}

export async function makeDockerFixture(): Promise<DockerFixture> {
  const dataDir = await mkdtemp(join(tmpdir(), 'teal-docker-'));
  const own = { platformId: `platform_${randomUUID()}`, reservations: memoryReservations() };
  const open = (changes: Partial<DockerEngineOptions> = {}): Engine =>
    createDockerEngine({
      ...own,
      socketPath: SOCKET,
      dataDir,
      subnets: ['10.231.0.0/16'],
      buildArgNames: ['GREETING'],
      buildDeadlineMs: 120_000,
      runtime: null,
      bases: { caFile: '/etc/ssl/certs/ca-certificates.crt', from: 'auto', edition: 1, npm: 'npm' },
      ...changes,
    });
  const other = (): { platformId: string; reservations: Reservations } => ({
    platformId: `platform_${randomUUID()}`,
    reservations: memoryReservations(),
  });
  const engine = open();
  return {
    engine,
    open,
    reopen: async () => open(),
    foreign: async () => open(other()),
    async cleanup() {
      for (const instance of await engine.list()) await engine.stop(instance.ref, { graceMs: 0 });
      for (const ref of await engine.listImages()) await engine.removeImage(ref);
      for (const appId of await engine.listApps()) await engine.removeApp(appId);
      await engine.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
