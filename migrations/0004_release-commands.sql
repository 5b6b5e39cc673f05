-- Up Migration
-- What a release runs once before its instances start, and whether that has succeeded for a deployment.

alter table releases add column release_command text;
alter table deployments add column release_command_at timestamptz;
