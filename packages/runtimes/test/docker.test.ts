/** The Docker engine: the suite of the port, and what only containers have. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine, Reservations } from '@teal/deployer';
import { createDockerEngine } from '@teal/runtimes';
import { type EngineFixture, engineConformance } from '../../../test/conformance/engine.ts';
import { memoryReservations } from '../../../test/conformance/reservations.ts';

async function makeFixture(): Promise<EngineFixture> {
  const platformId = `platform_${randomUUID()}`;
  const dataDir = await mkdtemp(join(tmpdir(), 'teal-docker-'));
  const reservations = memoryReservations();
  const open = (id: string, kept: Reservations): Engine =>
    createDockerEngine({
      platformId: id,
      socketPath: '/var/run/docker.sock',
      dataDir,
      reservations: kept,
      subnets: ['10.231.0.0/16'],
      buildArgNames: ['GREETING'],
      buildDeadlineMs: 120_000,
      bases: { caFile: '/etc/ssl/certs/ca-certificates.crt', from: 'debian', edition: 1, npm: 'npm' },
    });
  const engine = open(platformId, reservations);
  return {
    engine,
    reopen: async () => open(platformId, reservations),
    foreign: async () => open(`platform_${randomUUID()}`, memoryReservations()),
    async cleanup() {
      for (const instance of await engine.list()) await engine.stop(instance.ref, { graceMs: 0 });
      for (const ref of await engine.listImages()) await engine.removeImage(ref);
      for (const appId of await engine.listApps()) await engine.removeApp(appId);
      await engine.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

engineConformance('docker', makeFixture, { firstBuildMs: 300_000 });
