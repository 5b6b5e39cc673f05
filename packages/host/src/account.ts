/** The system users that apps and PostgreSQL run as, so that neither runs as root. Makes them; never removes any. */
import { readFileSync } from 'node:fs';
import { findExecutable, type HostEnvironment, runCommand } from './run.ts';

export const ACCOUNTS = { run: 'teal-run', postgres: 'teal-pg' } as const;
export type AccountName = keyof typeof ACCOUNTS;

export interface Account {
  uid: number;
  gid: number;
}

export type Accounts = Readonly<Record<AccountName, Account>>;

/** The numbers of `name` in the text of a passwd file, or null. */
export function findAccount(passwd: string, name: string): Account | null {
  for (const line of passwd.split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name && uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

async function ensureAccount(name: string, environment: Record<string, string>, tool: string): Promise<Account> {
  const look = () => findAccount(readFileSync('/etc/passwd', 'utf8'), name);
  const known = look();
  if (known !== null) return known;
  const args = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent'];
  const result = await runCommand(tool, [...args, '--shell', '/usr/sbin/nologin', '--', name], {
    environment,
    timeoutMs: 30_000,
  });
  // Another process may have made it at the same moment: what counts is that it is there.
  const made = look();
  if (made === null) throw new Error(`the system user ${name} could not be made: ${result.output.trim()}`);
  return made;
}

/** Both accounts, made where they are missing; null without root, or where no tool makes them. */
export async function ensureAccounts(
  isRoot: boolean,
  source: HostEnvironment,
  environment: Record<string, string>,
): Promise<Accounts | null> {
  const tool = findExecutable('useradd', source);
  if (!isRoot || tool === null) return null;
  // One after the other: useradd locks the passwd file and fails instead of waiting.
  const run = await ensureAccount(ACCOUNTS.run, environment, tool);
  const postgres = await ensureAccount(ACCOUNTS.postgres, environment, tool);
  return { run, postgres };
}
