/** Releases, their images and instances. */
import type { Images, Instances, Releases } from '@teal/deployer';
import type pg from 'pg';
import { fenced, one } from './database.ts';
import { notify } from './notify.ts';
import { type Row, toImage, toInstance, toRelease } from './rows.ts';
import { toJson } from './text.ts';

export function createReleases(pool: pg.Pool): Releases {
  return {
    create(lease, release) {
      return fenced(pool, lease, async (client) => {
        const row = await one<Row>(
          client,
          `insert into releases (id, app_id, image_id, commit, environment, settings, configuration_digest)
           values ($1, $2, $3, $4, $5, $6, $7) returning *`,
          [
            release.id,
            release.appId,
            release.imageId,
            toJson(release.commit),
            toJson(release.environment),
            toJson(release.settings),
            release.configurationDigest,
          ],
        );
        return toRelease(row as Row);
      });
    },
    async get(id) {
      const row = await one<Row>(pool, 'select * from releases where id = $1', [id]);
      return row === null ? null : toRelease(row);
    },
    async list(appId) {
      // Those that were never live matter only while their deployment runs.
      const { rows } = await pool.query<Row>(
        `select * from releases where app_id = $1 order by live_at desc nulls last, created_at desc limit 50`,
        [appId],
      );
      return rows.map(toRelease);
    },
  };
}

export function createImages(pool: pg.Pool): Images {
  const find = async (text: string, values: unknown[]) => {
    const row = await one<Row>(pool, text, values);
    return row === null ? null : toImage(row);
  };
  return {
    byKey: (appId, key) => find('select * from images where app_id = $1 and key = $2', [appId, key]),
    get: (id) => find('select * from images where id = $1', [id]),
    async list(appId) {
      const { rows } = await pool.query<Row>('select * from images where app_id = $1 order by created_at', [appId]);
      return rows.map(toImage);
    },
    create(lease, image) {
      return fenced(pool, lease, async (client) => {
        const row = await one<Row>(
          client,
          'insert into images (id, app_id, key, ref) values ($1, $2, $3, $4) returning *',
          [image.id, image.appId, image.key, image.ref],
        );
        return toImage(row as Row);
      });
    },
    replaceRef: (lease, id, ref) =>
      fenced(pool, lease, async (client) => {
        await client.query('update images set ref = $2 where id = $1', [id, ref]);
      }),
    remove: (lease, id) =>
      fenced(pool, lease, async (client) => {
        await client.query('delete from images where id = $1', [id]);
      }),
  };
}

export function createInstances(pool: pg.Pool): Instances {
  return {
    async list(appId) {
      const { rows } = await pool.query<Row>(
        `select * from instances where app_id = $1 and state <> 'off' order by created_at, number`,
        [appId],
      );
      return rows.map(toInstance);
    },
    create(lease, instance) {
      return fenced(pool, lease, async (client) => {
        const row = await one<Row>(
          client,
          `insert into instances (id, app_id, release_id, deployment_id, number, colour, state)
           values ($1, $2, $3, $4, $5, $6, 'starting') returning *`,
          [instance.id, instance.appId, instance.releaseId, instance.deploymentId, instance.number, instance.colour],
        );
        return toInstance(row as Row);
      });
    },
    update(lease, id, change) {
      return fenced(pool, lease, async (client) => {
        await client.query(
          `update instances set state = coalesce($2, state), ref = coalesce($3, ref), host = coalesce($4, host),
             port = coalesce($5, port), started_at = coalesce($6, started_at),
             asleep_since = case when $7 then $8 else asleep_since end
           where id = $1`,
          [
            id,
            change.state ?? null,
            change.ref ?? null,
            change.address?.host ?? null,
            change.address?.port ?? null,
            change.startedAt ?? null,
            change.asleepSince !== undefined,
            change.asleepSince ?? null,
          ],
        );
        await notify(client, { kind: 'app', appId: lease.appId });
      });
    },
  };
}
