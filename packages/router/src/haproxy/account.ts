/** The system user that HAProxy runs as where Teal is root. Makes none. */
import { readFileSync } from 'node:fs';

export interface HaproxyAccount {
  user: string;
  group: string;
  gid: number;
}

/** Debian's package brings `haproxy`; `nobody` is everywhere. Null without root: then HAProxy runs as we do. */
export function findAccount(): HaproxyAccount | null {
  if (process.getuid?.() !== 0) return null;
  const users = lines('/etc/passwd');
  const groups = lines('/etc/group');
  for (const name of ['haproxy', 'nobody']) {
    const gid = users.find(([user]) => user === name)?.[3];
    const group = groups.find((fields) => fields[2] === gid)?.[0];
    if (gid !== undefined && group !== undefined) return { user: name, group, gid: Number(gid) };
  }
  return null;
}

function lines(file: string): string[][] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
}
