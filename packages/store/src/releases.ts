/** Releases, their images and instances. */
import type { Images, Instances, Releases } from '@teal/deployer';
import type pg from 'pg';
import { fenced, fencedStatement, HELD, one } from './database.ts';
import { announcement, told } from './notify.ts';
import { type Row, toImage, toInstance, toRelease } from './rows.ts';
import { configurationDigest, sealEnvironment } from './secrets/sealedFields.ts';
import type { Sealer } from './secrets/sealer.ts';
import { toJson, toText } from './text.ts';

export function createReleases(pool: pg.Pool, sealer: Sealer): Releases {
  return {
    async create(lease, release) {
      const row = await fencedStatement<Row>(pool, lease, {
        name: 'release-create',
        text: `with ${HELD}
          insert into releases (id, app_id, image_id, commit, environment, settings, configuration_digest, release_command)
          select $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb, $9, $10 from held returning *`,
        values: [
          release.id,
          lease.appId,
          release.imageId,
          toJson(release.commit),
          toJson(sealEnvironment(sealer, release.appId, release.environment)),
          toJson(release.settings),
          configurationDigest.seal(sealer, release.appId, release.configurationDigest),
          release.releaseCommand === null ? null : toText(release.releaseCommand),
        ],
      });
      return toRelease(row, sealer);
    },
    async get(id) {
      const row = await one<Row>(pool, 'select * from releases where id = $1', [id]);
      return row === null ? null : toRelease(row, sealer);
    },
    async list(appId) {
      // Those that were never live matter only while their deployment runs.
      const { rows } = await pool.query<Row>(
        `select * from releases where app_id = $1 order by live_at desc nulls last, created_at desc limit 50`,
        [appId],
      );
      return rows.map((row) => toRelease(row, sealer));
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
    async create(lease, image) {
      const row = await fencedStatement<Row>(pool, lease, {
        name: 'image-create',
        text: `with ${HELD}
          insert into images (id, app_id, key, ref) select $3, $4, $5, $6 from held returning *`,
        values: [image.id, lease.appId, image.key, image.ref],
      });
      return toImage(row);
    },
    replaceRef: (lease, id, ref) =>
      fenced(pool, lease, async (client) => {
        await client.query('update images set ref = $2 where id = $1 and app_id = $3', [id, ref, lease.appId]);
      }),
    remove: (lease, id) =>
      fenced(pool, lease, async (client) => {
        await client.query('delete from images where id = $1 and app_id = $2', [id, lease.appId]);
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
    async create(lease, instance) {
      const row = await fencedStatement<Row>(pool, lease, {
        name: 'instance-create',
        text: `with ${HELD}
          insert into instances (id, app_id, release_id, deployment_id, number, colour, state)
          select $3, $4, $5, $6, $7::integer, $8, 'starting' from held returning *`,
        values: [instance.id, lease.appId, instance.releaseId, instance.deploymentId, instance.number, instance.colour],
      });
      return toInstance(row);
    },
    async update(lease, id, change) {
      await fencedStatement(pool, lease, {
        name: 'instance-update',
        text: `with ${HELD}, changed as (
            update instances set state = coalesce($4, state), ref = coalesce($5, ref), host = coalesce($6, host),
              port = coalesce($7::integer, port), started_at = coalesce($8::timestamptz, started_at),
              asleep_since = case when $9::boolean then $10::timestamptz else asleep_since end
            where id = $3 and app_id = $1 and exists (select from held) returning id),
          ${told(11)}
          select (select count(*) from held) as held, (select count(*) from told) as told`,
        values: [
          id,
          change.state ?? null,
          change.ref ?? null,
          change.address?.host ?? null,
          change.address?.port ?? null,
          change.startedAt ?? null,
          change.asleepSince !== undefined,
          change.asleepSince ?? null,
          announcement({ kind: 'app', appId: lease.appId }),
        ],
      });
    },
  };
}
