-- Up Migration
-- What people reach apps by: their own domains, certificates for HTTPS, and the page that maintenance shows.

alter table apps add column maintenance boolean not null default false;
-- Null: the router's own page.
alter table apps add column maintenance_page text;

-- The key is the authority behind "one owner each". Names are lower case ASCII, as packages/core/src/domain.ts makes them.
create table domains (
  name text primary key,
  app_id text not null references apps on delete cascade,
  is_primary boolean not null default false,
  created_at timestamptz not null default clock_timestamp()
);
create index domains_by_app on domains (app_id, created_at);
create unique index domains_one_primary on domains (app_id) where is_primary;

create table certificates (
  id text primary key,
  -- Null: the platform's own, made by itself for the apps' wildcard.
  organisation_id text references organisations,
  names text[] not null,
  issuer text not null,
  fingerprint text not null,
  not_after timestamptz not null,
  chain_pem text not null,
  key_pem text not null,
  created_at timestamptz not null default clock_timestamp(),
  unique (organisation_id, fingerprint)
);
-- One of the platform's own at a time.
create unique index certificates_one_own on certificates ((true)) where organisation_id is null;
