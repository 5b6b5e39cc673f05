/** What HAProxy's configuration is made of. Renders nothing. */
import type { SupervisorOptions } from '../protocol.ts';
import type { Table } from '../table.ts';

export interface RenderInput {
  table: Table;
  /** App → slot, and how many slots there are. */
  slots: ReadonlyMap<string, number>;
  size: number;
  proofDigest: string;
  options: SupervisorOptions;
  /** Path of its admin socket. */
  adminSocket: string;
  pagesSocket: string;
  luaFile: string;
  /** Descriptors it inherits. */
  fds: { plain: number; secure: number | null };
}

export const LIST_FILE = 'certificates.list';
