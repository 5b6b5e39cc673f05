-- Up Migration
-- Who did what, from where. Rows are only ever added: they outlive what they tell of, so nothing here refers to a table.

create table activity (
  sequence bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  -- Null: no organisation's, but a person's or the platform's.
  organisation_id text,
  app_id text,
  app_name text,
  -- A person's id, or that of the organisation's token that acted.
  actor_id text,
  actor_name text not null,
  -- The token that was used; null for a session signed in by password.
  token_name text,
  address text,
  action text not null,
  -- What it was done to, before and after. Never a secret.
  facts jsonb not null
);
create index activity_by_organisation on activity (organisation_id, sequence desc);
create index activity_by_app on activity (app_id, sequence desc);
create index activity_by_actor on activity (actor_id, sequence desc);

create function activity_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'activity is append-only';
end $$;
create trigger activity_append_only before update or delete on activity
  for each row execute function activity_is_append_only();
create trigger activity_no_truncate before truncate on activity
  for each statement execute function activity_is_append_only();
