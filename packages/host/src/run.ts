/** Runs one command of the system to its end; never through a shell. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the system's own tools are, whatever the caller's PATH leaves out. */
const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export type HostEnvironment = Readonly<Record<string, string | undefined>>;

export interface RunResult {
  /** Null when it was killed or could not be started. */
  exitCode: number | null;
  /** Both streams, in the order they came; the last 64 KiB. */
  output: string;
}

/** The caller's PATH, and behind it the folders of the system's tools. */
export function searchPath(environment: HostEnvironment): string[] {
  const own = (environment.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));
  return [...new Set([...own, ...SYSTEM_PATH])];
}

/** Absolute path of an executable file, or null. */
export function findExecutable(name: string, environment: HostEnvironment): string | null {
  for (const folder of searchPath(environment)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // not here
    }
  }
  return null;
}

/** What commands of the system see: proxies and locale of the caller, and nothing that steers npm or Node. */
export function commandEnvironment(environment: HostEnvironment): Record<string, string> {
  const kept = Object.entries(environment).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && /^(LANG|LC_\w+|TMPDIR|(https?|ftp|no|all)_proxy)$/i.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), HOME: '/root', PATH: searchPath(environment).join(delimiter) };
}

export function runCommand(
  file: string,
  args: readonly string[],
  options: { environment: Record<string, string>; timeoutMs: number },
): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      env: options.environment,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
    });
    let output = '';
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-65_536);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ exitCode: null, output: error.message }));
    child.on('close', (exitCode) => resolve({ exitCode, output }));
  });
}
