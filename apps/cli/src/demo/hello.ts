/** What the demo knows of examples/hello-node: its answers, and the edits that make its next versions. */
import type { Repository } from './repository.ts';

export const HOME_PATH = '/';
export const SLOW_PATH = '/slow';
export const ECHO_PATH = '/echo';

export interface Home {
  version: string;
  /** When this very process started, as it says itself. */
  startedAt: string;
}

const HOME = /^Hello from version (\S+), started (\S+Z)\n$/;
const SLOW = /^(?:(?:version (\S+), part \d+ of (\d+))\n)+$/;

/** Throws when the body is not whole. */
export function readHome(body: string): Home {
  const [, version, startedAt] = HOME.exec(body) ?? [];
  if (version === undefined || startedAt === undefined)
    throw new Error(`/ answered something else: ${JSON.stringify(body.slice(0, 80))}`);
  return { version, startedAt };
}

/** The version that sent the stream; throws when parts are missing or come from two versions. */
export function readSlow(body: string): string {
  const [, version, count] = SLOW.exec(body) ?? [];
  const expected = Array.from(
    { length: Number(count ?? 0) },
    (_, part) => `version ${version}, part ${part + 1} of ${count}\n`,
  );
  if (version === undefined || body !== expected.join(''))
    throw new Error(`/slow came incomplete: ${body.length} characters`);
  return version;
}

/** The next version, as a person would write it. */
export async function writeVersion(repository: Repository, version: string): Promise<void> {
  await repository.edit('server.js', /const VERSION = '[^']*'/, `const VERSION = '${version}'`);
}

/** A version that starts and listens, but answers 500 on `/`. */
export async function breakHome(repository: Repository): Promise<void> {
  await repository.edit(
    'server.js',
    /(?<=function home\([^)]*\) \{\n)/,
    '  throw new Error(\'relation "visits" does not exist\');\n',
  );
}

/** A version whose build finds a syntax error. */
export async function breakBuild(repository: Repository): Promise<void> {
  await repository.edit('package.json', /"start":/, '"build": "node --check server.js",\n    "start":');
  await repository.edit('server.js', /function home\(/, 'functoin home(');
}
