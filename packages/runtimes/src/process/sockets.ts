/** Which sockets processes listen on, from /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Listener } from '@teal/core';

interface ListeningSocket extends Listener {
  inode: string;
}

const LISTEN = '0A';

/** `0100007F` → 127.0.0.1; 32 hex digits → an IPv6 address. The kernel prints words in the machine's byte order. */
export function readAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex').reverse()]);
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.slice(12).join('.')}`;
  }
  const text = groups.map((group) => group.toString(16)).join(':');
  return text.replace(/(^|:)0(:0)+(:|$)/, '::');
}

export function parseSockets(table: string): ListeningSocket[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN)
    .map((fields) => {
      const [address = '', port = ''] = (fields[1] ?? '').split(':');
      return { host: readAddress(address), port: Number.parseInt(port, 16), inode: fields[9] ?? '' };
    });
}

/** Every listening TCP socket of this network namespace. */
export function listeningSockets(): ListeningSocket[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => {
    try {
      return parseSockets(readFileSync(file, 'latin1'));
    } catch {
      return [];
    }
  });
}

/** Inodes of the sockets that these processes hold; null when their files may not be read. */
export function socketInodes(pids: readonly number[]): Set<string> | null {
  const inodes = new Set<string>();
  for (const pid of pids) {
    let names: string[];
    try {
      names = readdirSync(`/proc/${pid}/fd`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') return null;
      continue;
    }
    for (const name of names) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1];
        if (inode !== undefined) inodes.add(inode);
      } catch {
        // closed in the meantime
      }
    }
  }
  return inodes;
}
