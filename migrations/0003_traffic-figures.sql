-- Up Migration
-- Traffic per app, pool and minute, for 24 hours. Only minutes with traffic have rows; counts are arrays in the order of
-- packages/core (status classes, latency buckets): a quarter of the room that jsonb takes.

create table traffic_minutes (
  app_id text not null references apps on delete cascade,
  minute timestamptz not null,
  -- 'router': answered by the router itself
  pool text not null check (pool in ('blue', 'green', 'router')),
  statuses integer[] not null,
  latency integer[] not null,
  bytes_in bigint not null,
  bytes_out bigint not null,
  primary key (app_id, minute, pool)
) with (fillfactor = 80);
create index traffic_by_minute on traffic_minutes (minute);

-- The last batch that each process has added, so that one told twice counts once.
create table traffic_writers (
  writer text primary key,
  batch bigint not null,
  written_at timestamptz not null default now()
);
