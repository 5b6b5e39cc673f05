/** Announces changes inside the transaction that makes them, so that nobody hears of what was rolled back. */
import type { StoreEvent } from '@teal/deployer';
import type { Query } from './database.ts';

/** The channel of a schema; a notification carries ids only, never text. */
export function channelOf(schema: string): string {
  return `teal_${schema}`;
}

/** A common table expression `told` that announces $`parameter` (from {@link announcement}) once per row of `changed`. */
export function told(parameter: number): string {
  return `told as (select pg_notify('teal_' || current_schema(), $${parameter}) from changed)`;
}

export function announcement(event: StoreEvent): string {
  return JSON.stringify(event);
}

export async function notify(query: Query, event: StoreEvent): Promise<void> {
  await query.query(`select pg_notify('teal_' || current_schema(), $1)`, [announcement(event)]);
}
