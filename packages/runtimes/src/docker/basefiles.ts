/** The Dockerfiles of base images and the files that go into them. Builds nothing. */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { APP_FOLDER, APP_HOME, ENVIRONMENT_FILE, STEP_COMMAND } from '@teal/recipes';
import type { ContextFile } from './context.ts';

const STEP_SCRIPT = `#!/bin/sh
# Runs one build step with the app's variables.
. ${ENVIRONMENT_FILE}
exec /bin/sh -e -c "$1"
`;

const CA_SOURCE = '/usr/local/share/ca-certificates/teal.crt';
const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const CA_VARIABLES = ['SSL_CERT_FILE', 'PIP_CERT', 'REQUESTS_CA_BUNDLE'];

export interface BaseParts {
  from: string;
  /** `from` is a base of ours and has the common part already. */
  derived: boolean;
  /** Lines after FROM: what this base adds. */
  lines: readonly string[];
  /** PEM text that builds and apps trust besides the distribution's own. */
  ca: Buffer | null;
  label: { name: string; value: string };
}

function trustLines(ca: Buffer | null): string[] {
  if (ca === null) return [];
  return [
    `COPY teal.crt ${CA_SOURCE}`,
    // a bundle of many certificates makes update-ca-certificates warn, and works
    'RUN update-ca-certificates >/dev/null 2>&1',
    ...CA_VARIABLES.map((name) => `ENV ${name}=${CA_BUNDLE}`),
    `ENV NODE_EXTRA_CA_CERTS=${CA_SOURCE}`,
  ];
}

/** The same for every base: who runs, where, and whom to trust. */
function commonLines(ca: Buffer | null): string[] {
  const stepFolder = ENVIRONMENT_FILE.replace(/\/[^/]*$/, '');
  const account = [
    'grep -q "^[^:]*:[^:]*:1000:" /etc/passwd || useradd --uid 1000 --no-create-home --home-dir /home/app app',
    `mkdir -p ${APP_HOME}/.npm ${APP_HOME}/.cache/pip ${APP_FOLDER} ${stepFolder}`,
    // a mount over a file that is there leaves nothing behind
    `touch ${ENVIRONMENT_FILE}`,
    `chown -R 1000:1000 ${APP_HOME} ${APP_FOLDER}`,
  ];
  return [...trustLines(ca), `COPY teal-step ${STEP_COMMAND}`, `RUN ${account.join(' && ')}`];
}

export function baseDockerfile(parts: BaseParts): string {
  return [
    `FROM ${parts.from}`,
    'USER 0',
    ...(parts.derived ? [] : commonLines(parts.ca)),
    ...parts.lines,
    `ENV HOME=${APP_HOME} PORT=8080`,
    `WORKDIR ${APP_FOLDER}`,
    'USER 1000:1000',
    'CMD []',
    `LABEL ${parts.label.name}=${parts.label.value}`,
    '',
  ].join('\n');
}

async function* folderFiles(folder: string, prefix: string): AsyncGenerator<ContextFile> {
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const stats = await lstat(path);
    const inContext = `${prefix}/${name}`;
    if (stats.isDirectory()) yield* folderFiles(path, inContext);
    else if (stats.isSymbolicLink()) {
      yield { path: inContext, content: Buffer.from(await readlink(path)), kind: 'symlink' };
    } else {
      yield { path: inContext, content: await readFile(path), kind: stats.mode & 0o100 ? 'executable' : 'file' };
    }
  }
}

/** The context of a base's Dockerfile; `folders` maps names in the context to folders of the host. */
export async function* baseContext(
  parts: BaseParts,
  folders: Readonly<Record<string, string>>,
): AsyncGenerator<ContextFile> {
  yield { path: 'Dockerfile', content: Buffer.from(baseDockerfile(parts)), kind: 'file' };
  yield { path: 'teal-step', content: Buffer.from(STEP_SCRIPT), kind: 'executable' };
  if (parts.ca !== null) yield { path: 'teal.crt', content: parts.ca, kind: 'file' };
  for (const [name, folder] of Object.entries(folders)) yield* folderFiles(folder, name);
}
