/** What the demo knows of examples/hello-node: its answers, and the edits that make its next versions. */
import { createHash } from 'node:crypto';
import type { Repository } from './repository.ts';

export const HOME_PATH = '/';
export const SLOW_PATH = '/slow';

export interface Home {
  version: string;
  /** When this very process started, as it says itself. */
  startedAt: string;
}

const HOME = /^Hello from version (\S+)\nstarted (\S+Z)\n$/;
const SLOW = /^part 1 of (\d+) from version (\S+)\n/;
const RECEIVED = /^([0-9a-f]{64}) came to version (\S+)\n$/;

function notWhole(what: string, body: string): Error {
  return new Error(
    `${what} came back as something else: ${JSON.stringify(body.slice(0, 80))} (${body.length} characters)`,
  );
}

/** Throws when the body is not whole. */
export function readHome(body: string): Home {
  const [, version, startedAt] = HOME.exec(body) ?? [];
  if (version === undefined || startedAt === undefined) throw notWhole('/', body);
  return { version, startedAt };
}

/** The version that sent the stream; throws when parts are missing or come from two versions. */
export function readSlow(body: string): string {
  const [, count, version] = SLOW.exec(body) ?? [];
  const parts = Array.from(
    { length: Number(count ?? 0) },
    (_, at) => `part ${at + 1} of ${count} from version ${version}\n`,
  );
  if (version === undefined || body !== parts.join('')) throw notWhole('/slow', body);
  return version;
}

/** The version that received `sent`; throws when it received anything else. */
export function readReceived(body: string, sent: string): string {
  const [, digest, version] = RECEIVED.exec(body) ?? [];
  if (version === undefined || digest !== createHash('sha256').update(sent).digest('hex'))
    throw notWhole('a POST', body);
  return version;
}

/** The next version, as a person would write it. */
export async function writeVersion(repository: Repository, version: string): Promise<void> {
  await repository.edit('server.js', /const version = '[^']*'/, `const version = 'version ${version}'`);
}

/** A version that starts and listens, but answers 500 on `/`. */
export async function breakHome(repository: Repository): Promise<void> {
  await repository.edit(
    'server.js',
    /(?<=function home\(\w+\) \{\n)/,
    `  throw new Error('relation "visits" does not exist');\n`,
  );
}

/** A version whose build finds a syntax error. */
export async function breakBuild(repository: Repository): Promise<void> {
  await repository.edit('package.json', /(?="start":)/, '"build": "node --check server.js", ');
  await repository.edit('server.js', /function home\(/, 'functoin home(');
}
