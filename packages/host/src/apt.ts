/** Installs Debian packages, waiting for other package tools; removes nothing. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunResult, runCommand } from './run.ts';

const LOCK_DEADLINE_MS = 5 * 60_000;
const COMMAND_DEADLINE_MS = 15 * 60_000;
const LOCK_PAUSE_MS = 1_000;

export interface Apt {
  /** Absolute path of apt-get. */
  file: string;
  environment: Record<string, string>;
  say: (line: string) => void;
}

/** True when apt's output says that another tool holds one of its locks. */
export function isLocked(output: string): boolean {
  return /Could not get lock|Unable to (acquire|lock)|is another process using it/.test(output);
}

/** The line of apt's output that tells people most about a failure. */
export function failureLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /^(E|dpkg): /.test(line));
  return (telling.at(-1) ?? lines.filter((line) => line !== '').at(-1) ?? 'no output').slice(0, 300);
}

function hasPackageLists(folder = '/var/lib/apt/lists'): boolean {
  try {
    return readdirSync(folder).some((name) => /_Packages(\.|$)/.test(name));
  } catch {
    return false;
  }
}

async function apt(tool: Apt, args: readonly string[]): Promise<RunResult> {
  const environment = {
    ...tool.environment,
    DEBIAN_FRONTEND: 'noninteractive',
    // Without systemd, invoke-rc.d starts no service in this runlevel: a package brought for its binary stays quiet.
    RUNLEVEL: '1',
  };
  const deadline = Date.now() + LOCK_DEADLINE_MS;
  for (;;) {
    const result = await runCommand(tool.file, ['-o', `DPkg::Lock::Timeout=${LOCK_DEADLINE_MS / 1000}`, ...args], {
      environment,
      timeoutMs: COMMAND_DEADLINE_MS,
    });
    // The lock of the package lists has no timeout option, and no event either.
    if (result.exitCode === 0 || !isLocked(result.output) || Date.now() > deadline) return result;
    await sleep(LOCK_PAUSE_MS);
  }
}

async function update(tool: Apt): Promise<void> {
  tool.say('reading the lists of system packages (apt-get update) …');
  await apt(tool, ['update', '-q']);
}

function install(tool: Apt, packages: readonly string[]): Promise<RunResult> {
  return apt(tool, ['install', '-y', '-q', '--no-install-recommends', '--', ...packages]);
}

/**
 * Installs `groups` of packages, all at once if it works, else one by one; reads the package lists anew once, and only
 * when they are missing or too old. Returns per group null, or the sentence why it failed.
 */
export async function installPackages(tool: Apt, groups: readonly (readonly string[])[]): Promise<(string | null)[]> {
  if (groups.length === 0) return [];
  const fresh = !hasPackageLists();
  if (fresh) await update(tool);
  const all = groups.flat();
  let result = await install(tool, all);
  if (result.exitCode !== 0 && !fresh) {
    await update(tool);
    result = await install(tool, all);
  }
  if (result.exitCode === 0) return groups.map(() => null);
  if (groups.length === 1) return [failureLine(result.output)];
  const outcomes: (string | null)[] = [];
  for (const group of groups) {
    const single = await install(tool, group);
    outcomes.push(single.exitCode === 0 ? null : failureLine(single.output));
  }
  return outcomes;
}
