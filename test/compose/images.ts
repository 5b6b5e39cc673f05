/**
 * Stand-ins under the official names that Dockerfile and docker-compose.yml use, made of this host's Debian packages, for
 * where no image registry answers. What the registry's images promise and the two files rely on is here too, no more.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;

/** The smallest Debian with certificates. */
const ROOT = 'teal-stand-in:root';
/** The same, where the Docker engine has made it already for its bases. */
const READY_ROOT = 'teal/debian:bookworm-plain';

export async function docker(...args: string[]): Promise<string> {
  // The classic builder is in every engine; the newer one is a plug-in that may be missing.
  const env = { ...process.env, DOCKER_BUILDKIT: '0' };
  return (await run('docker', args, { env, maxBuffer: OUTPUT_MAX_BYTES })).stdout.trim();
}

async function has(image: string): Promise<boolean> {
  return docker('image', 'inspect', image).then(
    () => true,
    () => false,
  );
}

const POSTGRES_ENTRY = `#!/bin/sh
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  printf '%s' "$POSTGRES_PASSWORD" >/tmp/password
  setpriv --reuid=postgres --regid=postgres --clear-groups \\
    initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 >/dev/null
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  echo "create database \\"$POSTGRES_DB\\"" |
    setpriv --reuid=postgres --regid=postgres --clear-groups postgres --single -D "$PGDATA" postgres >/dev/null
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -D "$PGDATA" -h '*'
`;

type StandIn = 'debian:bookworm-slim' | 'node:24-slim' | 'redis:7' | 'postgres:17';

/** By the name they stand in for; each may stand on an earlier one. */
const DOCKERFILES: Readonly<Record<StandIn, string>> = {
  'debian:bookworm-slim': `FROM ${ROOT}
COPY ca.crt /usr/local/share/ca-certificates/host.crt
RUN update-ca-certificates >/dev/null 2>&1
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/host.crt
CMD ["bash"]
`,
  'node:24-slim': `FROM debian:bookworm-slim
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
CMD ["node"]
`,
  'redis:7': `FROM debian:bookworm-slim
RUN apt-get update -q && apt-get install -y -q --no-install-recommends redis-server postgresql && rm -rf /var/lib/apt/lists/*
VOLUME /data
WORKDIR /data
EXPOSE 6379
CMD ["redis-server"]
`,
  'postgres:17': `FROM redis:7
COPY entry /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/usr/lib/postgresql/15/bin PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD []
`,
};

/** What `unshare` takes away with itself: mmdebstrap mounts /proc and /dev into its folder. */
const APART = ['--mount', '--pid', '--fork', '--kill-child=KILL', '--propagation', 'private', '--'];

async function makeRoot(folder: string): Promise<void> {
  if (await has(READY_ROOT)) {
    await docker('tag', READY_ROOT, ROOT);
    return;
  }
  const archive = join(folder, 'root.tar');
  const bootstrap = ['mmdebstrap', '--quiet', '--variant=minbase', '--include=ca-certificates', 'bookworm', archive];
  await run('unshare', [...APART, ...bootstrap], { env: { ...process.env, TMPDIR: folder } });
  await docker('import', archive, ROOT);
}

/** All that the Dockerfiles above copy, made once per folder. */
async function context(folder: string): Promise<void> {
  if (existsSync(join(folder, 'entry'))) return;
  const npm = join(dirname(await realpath((await run('which', ['npm'])).stdout.trim())), '..');
  await cp(BUNDLE, join(folder, 'ca.crt'), { dereference: true });
  await cp(process.execPath, join(folder, 'node'), { dereference: true });
  await cp(npm, join(folder, 'npm'), { recursive: true });
  await writeFile(join(folder, 'entry'), POSTGRES_ENTRY, { mode: 0o755 });
}

/** What Teal's own image is built on. */
export const BUILD_IMAGES: readonly StandIn[] = ['debian:bookworm-slim', 'node:24-slim'];
/** What runs beside Teal; these stand on the ones before. */
export const SERVICE_IMAGES: readonly StandIn[] = ['redis:7', 'postgres:17'];

/**
 * Makes those of `names` that are missing, and writes what it made to `made` as it goes, for {@link removeImages}. Images
 * that are there are used as they are.
 */
export async function makeStandIns(names: readonly StandIn[], made: string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-stand-ins-'));
  try {
    for (const name of names) {
      if (await has(name)) continue;
      if (!(await has(ROOT))) {
        await makeRoot(folder);
        made.push(ROOT);
      }
      await context(folder);
      await writeFile(join(folder, 'Dockerfile'), DOCKERFILES[name]);
      await docker('build', '--quiet', '--tag', name, folder);
      made.push(name);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Those that stand on others first. */
export async function removeImages(names: readonly string[]): Promise<void> {
  for (const name of [...names].reverse()) await docker('rmi', name).catch(() => {});
}
