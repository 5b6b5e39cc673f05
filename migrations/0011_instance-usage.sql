-- Up Migration
-- CPU time and memory of each instance by the minute, for 24 hours.

create table usage_minutes (
  app_id text not null references apps on delete cascade,
  -- its row goes with the app, as these do
  instance_id text not null,
  minute timestamptz not null,
  cpu_ms integer not null,
  measured_ms integer not null,
  memory_bytes bigint not null,
  memory_limit_bytes bigint,
  primary key (app_id, minute, instance_id)
) with (fillfactor = 80);
create index usage_by_minute on usage_minutes (minute);
