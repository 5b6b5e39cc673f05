-- Up Migration
-- Who gets which mails, and webhooks for what becomes of deployments.

alter table organisations
  add column failure_mails boolean not null default true,
  add column success_mails boolean not null default false;
-- Null: as the organisation says.
alter table memberships
  add column failure_mails boolean,
  add column success_mails boolean;

create table webhooks (
  id text primary key,
  organisation_id text not null references organisations on delete cascade,
  -- Null: all apps of the organisation.
  app_id text references apps on delete cascade,
  name text not null,
  -- Both sealed: an address may be a secret in itself.
  url text not null,
  secret text not null,
  form text not null,
  events text[] not null,
  created_at timestamptz not null default clock_timestamp()
);
create index webhooks_by_organisation on webhooks (organisation_id, created_at);

create table webhook_deliveries (
  id text primary key,
  webhook_id text not null references webhooks on delete cascade,
  event text not null,
  facts jsonb,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  last_attempt_at timestamptz,
  status integer,
  error text
);
create index webhook_deliveries_due on webhook_deliveries (due_at) where state = 'waiting';
create index webhook_deliveries_by_webhook on webhook_deliveries (webhook_id, created_at desc);

-- A trigger, because deployments change state by many statements: none of them can forget it, and each is its own
-- transaction with what it tells.
create function tell_deployment() returns trigger language plpgsql set search_path from current as $$
declare
  news jsonb;
  told integer;
  mailed integer := 0;
begin
  if tg_op = 'UPDATE' and old.state = new.state then return null; end if;
  select jsonb_build_object(
    'kind', new.state, 'at', clock_timestamp(),
    'deploymentId', new.id, 'sequence', new.sequence, 'appId', a.id, 'appName', a.name,
    'organisationId', o.id, 'organisationName', o.name,
    'trigger', new.trigger, 'branch', new.branch, 'commit', new.commit, 'requestedBy', new.requested_by,
    'failure', new.failure, 'cancelReason', new.cancel_reason,
    'stillServes', (select l.commit from deployments l where l.app_id = a.id and l.state = 'live' and l.id <> new.id))
  into news from apps a join organisations o on o.id = a.organisation_id
  where a.id = new.app_id
    and (exists (select from webhooks w where w.organisation_id = o.id)
      or (new.state = 'live' and (o.success_mails
        or exists (select from memberships m where m.organisation_id = o.id and m.success_mails))));
  if news is null then return null; end if;

  insert into webhook_deliveries (id, webhook_id, event, facts)
    select 'delivery_' || gen_random_uuid(), w.id, 'deployment.' || new.state, news
    from webhooks w
    where w.organisation_id = news ->> 'organisationId' and (w.app_id is null or w.app_id = new.app_id)
      and 'deployment.' || new.state = any (w.events);
  get diagnostics told = row_count;

  if new.state = 'live' then
    insert into outbox (id, app_id, recipient, facts)
      select distinct on (u.email) 'mail_' || gen_random_uuid(), new.app_id, u.email, news
      from memberships m join users u on u.id = m.user_id join organisations o on o.id = m.organisation_id
      where m.organisation_id = news ->> 'organisationId' and u.email is not null
        and coalesce(m.success_mails, o.success_mails);
    get diagnostics mailed = row_count;
  end if;

  if told + mailed > 0 then perform pg_notify('teal_' || current_schema(), '{"kind":"outbox"}'); end if;
  return null;
end $$;

create trigger tell_deployment after insert or update of state on deployments
  for each row when (new.state in ('queued', 'live', 'failed', 'cancelled')) execute function tell_deployment();
