-- Up Migration
-- Public keys for git over SSH: a person's own, or one of an app for machines that deploy or fetch it.

create table ssh_keys (
  id text primary key,
  user_id text references users on delete cascade,
  app_id text references apps on delete cascade,
  name text not null,
  type text not null,
  -- "SHA256:…" over the public key; it says whose a connection is, so each has one owner.
  fingerprint text not null unique,
  -- Of an app's key: may push. A person's key may what the person may.
  can_write boolean not null,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  constraint ssh_keys_one_owner check ((user_id is null) <> (app_id is null))
);
create index ssh_keys_by_owner on ssh_keys (coalesce(user_id, app_id), created_at);
