-- Up Migration
-- A sealed value is {"sealed": "…"} in jsonb and begins with "sealed:" in text; what was stored before is sealed at start.

-- A known text, sealed under the current key once everything else is: tells a wrong key at start. No row: nothing is sealed yet.
create table secret_check (
  only_row boolean primary key default true check (only_row),
  sealed text not null
);
