-- Up Migration
-- People with passwords, several organisations with roles, and tokens with scopes. What there was goes on: the one
-- user becomes admin of the one organisation and of the platform, and tokens stay good for everything.

create table memberships (
  organisation_id text not null references organisations on delete cascade,
  user_id text not null references users on delete cascade,
  -- The rules of packages/core own the names.
  role text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (organisation_id, user_id)
);
create index memberships_by_user on memberships (user_id, created_at);
insert into memberships (organisation_id, user_id, role, created_at)
  select organisation_id, id, 'admin', created_at from users;

alter table users
  add column platform_admin boolean not null default false,
  -- argon2id, in its own text form; null: signs in by token only.
  add column password_hash text,
  -- The shared secret of the second factor in base32; in force only since `totp_since`.
  add column totp_secret text,
  add column totp_since timestamptz,
  -- Time step of the last code taken: each code is good once.
  add column totp_last_step bigint;
update users set platform_admin = true;
alter table users drop column organisation_id;
-- Addresses are kept in lower case; one account each.
update users set email = lower(email);
create unique index users_by_email on users (email);

create table recovery_codes (
  user_id text not null references users on delete cascade,
  hash bytea not null,
  primary key (user_id, hash)
);

-- A token is a person's or an organisation's.
alter table tokens
  alter column user_id drop not null,
  add column organisation_id text references organisations on delete cascade,
  add column created_by text references users on delete set null,
  add column scope text not null default 'full',
  -- Null: all apps.
  add column app_id text references apps on delete cascade,
  add column expires_at timestamptz,
  add constraint tokens_one_owner check ((user_id is null) <> (organisation_id is null));
create index tokens_by_owner on tokens (coalesce(user_id, organisation_id), created_at);

-- Null: signed in by password.
alter table sessions alter column token_id drop not null;

create table invitations (
  id text primary key,
  organisation_id text not null references organisations on delete cascade,
  email text not null,
  role text not null,
  hash bytea not null unique,
  invited_by text references users on delete set null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  -- A new invitation takes the place of one to the same address.
  unique (organisation_id, email)
);

create table password_resets (
  hash bytea primary key,
  user_id text not null references users on delete cascade,
  expires_at timestamptz not null
);
create index password_resets_by_user on password_resets (user_id);

-- Answers to repeat belong to whoever asked, which may be an organisation's token.
alter table idempotency_keys drop constraint idempotency_keys_user_id_fkey;
alter table idempotency_keys rename column user_id to owner_id;
