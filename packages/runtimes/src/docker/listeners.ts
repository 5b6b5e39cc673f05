/** Reads the listening sockets of a network namespace from /proc. Asks no daemon. */
import { readFile } from 'node:fs/promises';
import type { Listener } from '@teal/core';

const LISTEN = '0A';

/** `0100007F` → `127.0.0.1`; 32 hex digits → an IPv6 address. The kernel writes 32-bit words in host order. */
function hostOf(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  if (groups.every((group) => group === '0')) return '::';
  if (groups.slice(0, 7).every((group) => group === '0') && groups[7] === '1') return '::1';
  if (groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff') {
    return `::ffff:${bytes.slice(12).join('.')}`;
  }
  return groups.join(':');
}

/** Listening sockets in the text of /proc/PID/net/tcp or tcp6. */
export function parseListeners(table: string): Listener[] {
  const listeners: Listener[] = [];
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [host, port] = fields[1]?.split(':') ?? [];
    if (fields[3] !== LISTEN || host === undefined || port === undefined) continue;
    listeners.push({ host: hostOf(host), port: Number.parseInt(port, 16) });
  }
  return listeners;
}

/** Docker's own name server listens inside every container. */
const DOCKER_DNS = '127.0.0.11';

/** Null when /proc cannot be read, as where the daemon runs on another machine. */
export async function readListeners(pid: number): Promise<Listener[] | null> {
  try {
    const [four, six] = await Promise.all([
      readFile(`/proc/${pid}/net/tcp`, 'utf8'),
      readFile(`/proc/${pid}/net/tcp6`, 'utf8').catch(() => ''),
    ]);
    return [...parseListeners(four), ...parseListeners(six)].filter((listener) => listener.host !== DOCKER_DNS);
  } catch {
    return null;
  }
}
