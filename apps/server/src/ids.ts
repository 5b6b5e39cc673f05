/** New ids for what the server makes. */
import { randomUUID } from 'node:crypto';
import { formatId, type IdKind } from '@teal/core';

export function newId(kind: IdKind): string {
  return formatId(kind, randomUUID());
}
