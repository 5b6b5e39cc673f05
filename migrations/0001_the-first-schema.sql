-- Up Migration
-- The whole state of a platform. Ids are '<kind>_<uuid>'. Enumerations are text: the rules in packages/core own them.

create table platform (
  only_row boolean primary key default true check (only_row),
  id text not null,
  created_at timestamptz not null default now()
);

create table organisations (
  id text primary key,
  name text not null,
  created_at timestamptz not null default now()
);

create table users (
  id text primary key,
  organisation_id text not null references organisations,
  name text not null,
  email text,
  created_at timestamptz not null default now()
);

create table tokens (
  id text primary key,
  user_id text not null references users on delete cascade,
  name text not null,
  prefix text not null,
  hash bytea not null unique,
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);

create table sessions (
  hash bytea primary key,
  user_id text not null references users on delete cascade,
  token_id text not null references tokens on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);

create table apps (
  id text primary key,
  organisation_id text not null references organisations,
  name text not null unique,
  deploy_branch text,
  settings jsonb not null,
  environment jsonb not null default '{}',
  stopped boolean not null default false,
  deleting boolean not null default false,
  live_release_id text,
  created_at timestamptz not null default now()
);

create table images (
  id text primary key,
  app_id text not null references apps on delete cascade,
  key text not null,
  ref text not null,
  created_at timestamptz not null default now(),
  unique (app_id, key)
);

create table releases (
  id text primary key,
  app_id text not null references apps on delete cascade,
  image_id text not null,
  commit jsonb not null,
  environment jsonb not null,
  settings jsonb not null,
  configuration_digest text not null,
  created_at timestamptz not null default now(),
  live_at timestamptz,
  retired_at timestamptz
);
create index releases_by_app on releases (app_id, live_at desc nulls last);

alter table apps add foreign key (live_release_id) references releases deferrable initially deferred;

-- One order for everything that is accepted: pushes draw from it at pre-receive, other deployments when asked for.
create sequence acceptance_order;

create table pushes (
  id text primary key,
  sequence bigint not null default nextval('acceptance_order'),
  app_id text not null references apps on delete cascade,
  state text not null default 'provisional' check (state in ('provisional', 'confirmed', 'kept', 'dropped')),
  command jsonb,
  branch text,
  options jsonb not null,
  pushed_by text not null,
  created_at timestamptz not null default now()
);
create index pushes_provisional on pushes (sequence) where state = 'provisional';

create table deployments (
  id text primary key,
  app_id text not null references apps on delete cascade,
  sequence bigint not null unique,
  push_id text unique references pushes,
  trigger text not null,
  state text not null,
  commit jsonb not null,
  branch text,
  push_options jsonb not null default '[]',
  requested_by text not null,
  release_id text references releases,
  colour text check (colour in ('blue', 'green')),
  failure jsonb,
  cancel_reason text,
  cancel_requested boolean not null default false,
  attempts integer not null default 0,
  times jsonb not null,
  created_at timestamptz not null default now()
);
create index deployments_by_app on deployments (app_id, sequence desc);
create index deployments_queued on deployments (app_id, sequence) where state = 'queued';
-- The authority behind "one deployment per app at a time" and "one live deployment".
create unique index deployments_one_active on deployments (app_id)
  where state in ('building', 'starting', 'probing', 'switching');
create unique index deployments_one_live on deployments (app_id) where state = 'live';

create table instances (
  id text primary key,
  app_id text not null references apps on delete cascade,
  release_id text not null references releases,
  deployment_id text not null references deployments,
  number integer not null,
  colour text not null check (colour in ('blue', 'green')),
  state text not null check (state in ('starting', 'running', 'asleep', 'off')),
  ref text,
  host text,
  port integer,
  started_at timestamptz,
  asleep_since timestamptz,
  created_at timestamptz not null default now()
);
create index instances_present on instances (app_id) where state <> 'off';

create table leases (
  app_id text primary key,
  holder text not null,
  token bigint not null,
  expires_at timestamptz not null
);

create table log_chunks (
  deployment_id text not null references deployments on delete cascade,
  first_sequence integer not null,
  last_sequence integer not null,
  lines jsonb not null,
  size_bytes integer not null,
  primary key (deployment_id, first_sequence)
);

create table outbox (
  id text primary key,
  app_id text not null,
  recipient text not null,
  facts jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent')),
  in_digest boolean not null default false,
  attempts integer not null default 0,
  last_error text,
  due_at timestamptz not null default now(),
  sent_at timestamptz,
  created_at timestamptz not null default now()
);
create index outbox_waiting on outbox (due_at) where state = 'waiting';
create index outbox_sent on outbox (app_id, recipient, sent_at) where state = 'sent';

create table reservations (
  kind text not null,
  value text not null,
  owner_id text not null,
  primary key (kind, value),
  unique (kind, owner_id)
);

create table idempotency_keys (
  user_id text not null references users on delete cascade,
  key text not null,
  request_digest text not null,
  status integer,
  answer jsonb,
  created_at timestamptz not null default now(),
  primary key (user_id, key)
);
