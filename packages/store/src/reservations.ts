/** Platform-wide unique values: subnets and ports. */
import type { Reservations } from '@teal/deployer';
import type pg from 'pg';
import { one } from './database.ts';

export function createReservations(pool: pg.Pool): Reservations {
  return {
    async reserve(kind, ownerId, candidates) {
      for (;;) {
        const mine = await one<{ value: string }>(
          pool,
          'select value from reservations where kind = $1 and owner_id = $2',
          [kind, ownerId],
        );
        if (mine !== null) return mine.value;
        const free = await one<{ value: string }>(
          pool,
          `select c.value from unnest($2::text[]) with ordinality as c(value, place)
           where not exists (select 1 from reservations r where r.kind = $1 and r.value = c.value) order by c.place limit 1`,
          [kind, candidates],
        );
        if (free === null) return null;
        // Somebody may take the same value between the two statements: then the next round sees it.
        await pool.query(
          'insert into reservations (kind, value, owner_id) values ($1, $2, $3) on conflict do nothing',
          [kind, free.value, ownerId],
        );
      }
    },
    async release(kind, ownerId) {
      await pool.query('delete from reservations where kind = $1 and owner_id = $2', [kind, ownerId]);
    },
    async list(kind) {
      const { rows } = await pool.query<{ owner_id: string; value: string }>(
        'select owner_id, value from reservations where kind = $1',
        [kind],
      );
      return new Map(rows.map((row) => [row.owner_id, row.value]));
    },
  };
}
