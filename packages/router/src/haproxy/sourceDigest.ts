/** Tells one version of the supervisor's program from another, so that an upgraded Teal replaces the one that runs. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));

/** Over everything the supervisor may be made of. */
export function sourceDigest(): string {
  const hash = createHash('sha256');
  for (const dir of ['.', 'haproxy', 'haproxy/supervisor']) {
    const entries = readdirSync(join(FOLDER, dir), { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    for (const name of files.sort()) hash.update(name).update(readFileSync(join(FOLDER, dir, name)));
  }
  return hash.digest('hex');
}
