/** Things that were asked for, in rows: what stands there while they come, when they cannot, and when there are none. */
import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { Notice } from './Notice.tsx';
import { Rows } from './Rows.tsx';

export interface ListingProps<T> {
  label: string;
  error: Error | null;
  /** Undefined while they come. */
  items: readonly T[] | undefined;
  /** In place of no rows: the next step, in words. */
  empty?: string;
  row(item: T): ReactNode;
}

export function Listing<T>({ label, error, items, empty, row }: ListingProps<T>) {
  if (error !== null) return <Notice kind="danger" title={error.message} />;
  if (items === undefined) return <Skeleton height="6rem" />;
  if (items.length === 0) return empty === undefined ? null : <p>{empty}</p>;
  return <Rows label={label}>{items.map(row)}</Rows>;
}
