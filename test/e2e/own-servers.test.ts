/** The platform on a PostgreSQL and a Redis that are not its own, both at once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { type OwnServers, startOwnServers } from './own-servers.ts';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

describe('with DATABASE_URL and REDIS_URL', () => {
  let servers: OwnServers;
  let platform: TestPlatform;
  let repository: Repository;

  beforeAll(async () => {
    servers = await startOwnServers();
    const environment = { DATABASE_URL: servers.databaseUrl, REDIS_URL: servers.redisUrl };
    platform = await TestPlatform.start({ engine: 'process', environment });
    await platform.createApp('own', { gateDeadlineMs: 3_000 });
    repository = await Repository.create(platform.gitUrl('own'));
  });
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
    await servers?.close();
  });

  async function push(version: string, status = 200): Promise<string> {
    await repository.commit(version, appSource({ version, status }));
    return (await repository.push()).stderr;
  }

  async function revive(): Promise<void> {
    const { body } = await platform.call<{ deployment: { id: string } }>(
      'POST',
      '/apps/own/start-last-pushed-commit',
      {},
    );
    expect(await platform.ended('own', body.deployment.id)).toMatchObject({ state: 'live', trigger: 'revive' });
  }

  it('deploys a push', async () => {
    expect(await push('v1')).toContain('is live at');
    expect(await push('v2')).toContain('is live at');
    expect((await platform.get('own')).text).toBe('version v2\n');
  });

  it('keeps its tables there, its jobs in Redis, and starts no server of its own', async () => {
    const client = await servers.connect();
    const { rows } = await client.query<{ nspname: string }>('select nspname from pg_namespace');
    await client.end();
    const schemas = rows.map((row) => row.nspname);
    expect(schemas).toContain('teal');
    expect(schemas).not.toContain('bullmq');
    expect(existsSync(join(platform.dataDir, 'postgres'))).toBe(false);
  });

  it('says by mail that a push has failed, and keeps serving', async () => {
    expect(await push('v3', 500)).toContain('DEPLOYMENT FAILED while probing');
    await until('the failure mail', async () => (await platform.mails()).some((mail) => mail.text.includes('v3')));
    expect((await platform.get('own')).text).toBe('version v2\n');
  });

  it('starts the last pushed commit again', async () => {
    await revive();
    expect((await platform.get('own')).text).toBe('version v1\n');
  });

  it('finds everything again after a restart', async () => {
    await platform.restart();
    expect((await platform.get('own')).text).toBe('version v1\n');
    await revive();
    expect((await platform.get('own')).text).toBe('version v2\n');
    expect(await push('v4')).toContain('is live at');
  });

  it('deploys again once a Redis that lost everything is back', async () => {
    await servers.loseRedis();
    expect(await push('v5')).toContain('is live at');
    expect((await platform.get('own')).text).toBe('version v5\n');
  });
});
