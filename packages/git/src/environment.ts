/** The environment that git and its hooks run in: nothing of the user's or the host's git configuration reaches them. Starts no process. */

export interface GitEnvironmentOptions {
  /** The folder with Teal's own hooks; a repository's own hooks are never looked at. */
  hooksDir: string;
  /** Size of a push's pack above which git refuses it. */
  maxPushBytes: number;
}

/**
 * Oddities of old but harmless commits that real repositories carry. Everything that can hurt whoever checks
 * a tree out (`.git` in a path, `..`, bad `.gitmodules`, duplicate entries, null ids) stays an error.
 */
const TOLERATED = [
  'badTimezone',
  'missingEmail',
  'missingNameBeforeEmail',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
];

/** Blobs above this size are streamed by git instead of being held in memory. */
const BIG_FILE = '8m';

function remoteSettings(options: GitEnvironmentOptions): [string, string][] {
  return [
    ['core.hooksPath', options.hooksDir],
    ['receive.advertisePushOptions', 'true'],
    ['receive.maxInputSize', String(options.maxPushBytes)],
    ['receive.fsckObjects', 'true'],
    ...TOLERATED.map((name): [string, string] => [`receive.fsck.${name}`, 'ignore']),
    // One pack per push instead of a file per object: two or three fsyncs, whatever the number of objects.
    ['receive.unpackLimit', '1'],
    // Which branch must stay is Teal's decision (its deploy branch), not that of the repository's HEAD.
    ['receive.denyDeleteCurrent', 'ignore'],
    ...sharedSettings(),
  ];
}

function sharedSettings(): [string, string][] {
  return [
    ['safe.directory', '*'],
    ['core.bigFileThreshold', BIG_FILE],
    ['core.packedGitWindowSize', '8m'],
    ['core.packedGitLimit', '32m'],
    ['core.deltaBaseCacheLimit', '16m'],
    ['pack.windowMemory', '32m'],
    ['pack.threads', '2'],
  ];
}

function numbered(settings: readonly (readonly [string, string])[]): Record<string, string> {
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [index, [key, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

const ISOLATION = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_TERMINAL_PROMPT: '0',
};

/** The variables that children of the git remote must have, and no other `GIT_…` variable besides them. */
export function gitEnvironment(options: GitEnvironmentOptions): Record<string, string> {
  return { ...ISOLATION, ...numbered(remoteSettings(options)) };
}

/**
 * Makes `environment` (the server's own `process.env`) fit for children of the git remote: removes every `GIT_…`
 * variable, whoever set it, and sets those of {@link gitEnvironment}. node-git-server gives its children the
 * server's environment and nothing else, so the composition root calls this once, before it serves.
 */
export function applyGitEnvironment(
  environment: Record<string, string | undefined>,
  options: GitEnvironmentOptions,
): void {
  for (const key of Object.keys(environment)) if (key.startsWith('GIT_')) delete environment[key];
  Object.assign(environment, gitEnvironment(options));
}

/** The whole environment of git where Teal only reads or creates repositories. */
export function readerEnvironment(path = '/usr/local/bin:/usr/bin:/bin'): Record<string, string> {
  return { PATH: path, LC_ALL: 'C', ...ISOLATION, ...numbered(sharedSettings()) };
}
