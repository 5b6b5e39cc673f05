/** The processes of one instance or build, found and signalled through /proc. Knows nothing of what they do. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { engineTrouble } from './options.ts';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks between boot and its start. */
  startTime: number;
  bootId: string;
}

/** A session: its leader, and a variable that its processes carry even after a `setsid` of their own. */
export interface Session {
  leader: ProcessIdentity;
  /** `NAME=value` in the environment they were started with. */
  marker: string;
}

interface Seen {
  pid: number;
  state: string;
  session: number;
  startTime: number;
}

const LOOK_AGAIN_MS = 10;
const FREEZE_DEADLINE_MS = 5_000;
const KILL_DEADLINE_MS = 15_000;

let bootId: string | null = null;
function currentBoot(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

function see(pid: number): Seen | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may itself hold spaces and parentheses: the fields begin behind the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = 'X', , , session = '0'] = fields;
    return { pid, state, session: Number(session), startTime: Number(fields[19]) };
  } catch {
    return null;
  }
}

const isGone = (seen: Seen): boolean => seen.state === 'Z' || seen.state === 'X';

/** Who `pid` is now, a zombie included; null when there is no such process. */
export function identify(pid: number): ProcessIdentity | null {
  const seen = see(pid);
  return seen === null ? null : { pid, startTime: seen.startTime, bootId: currentBoot() };
}

/** What has become of it. */
export function statusOf(identity: ProcessIdentity): 'running' | 'frozen' | 'gone' {
  const seen = see(identity.pid);
  if (seen === null || isGone(seen)) return 'gone';
  if (seen.startTime !== identity.startTime || currentBoot() !== identity.bootId) return 'gone';
  return seen.state === 'T' ? 'frozen' : 'running';
}

/** The variables that it was started with; none where it has ended or may not be looked at. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function carries(pid: number, marker: string): boolean {
  return environmentOf(pid).includes(marker);
}

/** Its live processes. A session's number is not given to another process while one of its members lives. */
function members({ leader, marker }: Session): Seen[] {
  if (leader.bootId !== currentBoot()) return [];
  const first = see(leader.pid);
  const isReused = first !== null && first.startTime !== leader.startTime;
  const found: Seen[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const seen = see(Number(name));
    if (seen === null || isGone(seen) || seen.startTime < leader.startTime) continue;
    if ((seen.session === leader.pid && !isReused) || carries(seen.pid, marker)) found.push(seen);
  }
  return found;
}

/** The live processes of many sessions, by the key each has: one look at the system for all of them. */
export function pidsOfEach(sessions: ReadonlyMap<string, Session>): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const byLeader = new Map<number, string>();
  const byMarker = new Map<string, string>();
  let earliest = Number.POSITIVE_INFINITY;
  for (const [key, { leader, marker }] of sessions) {
    if (leader.bootId !== currentBoot()) continue;
    const first = see(leader.pid);
    const isReused = first !== null && first.startTime !== leader.startTime;
    if (!isReused) byLeader.set(leader.pid, key);
    byMarker.set(marker, key);
    earliest = Math.min(earliest, leader.startTime);
  }
  for (const name of byMarker.size === 0 ? [] : readdirSync('/proc')) {
    const seen = /^\d+$/.test(name) ? see(Number(name)) : null;
    if (seen === null || isGone(seen) || seen.startTime < earliest) continue;
    const key = byLeader.get(seen.session) ?? markedIn(seen.pid, byMarker);
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), seen.pid]);
  }
  return found;
}

function markedIn(pid: number, byMarker: ReadonlyMap<string, string>): string | undefined {
  const marker = environmentOf(pid).find((variable) => byMarker.has(variable));
  return marker === undefined ? undefined : byMarker.get(marker);
}

export function memberPids(session: Session): number[] {
  return members(session).map(({ pid }) => pid);
}

/** Session leaders that carry `marker`, whoever started them. */
export function leadersWith(marker: string): ProcessIdentity[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => see(Number(name)))
    .filter((seen) => seen !== null && !isGone(seen) && seen.session === seen.pid && carries(seen.pid, marker))
    .map((seen) => identify(seen?.pid ?? 0))
    .filter((identity) => identity !== null);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended in the meantime
  }
}

/** Sends `name` to every process of the session, once. */
export function signalSession(session: Session, name: NodeJS.Signals): void {
  for (const { pid } of members(session)) signal(pid, name);
}

/** Stops all of them; looks again until it finds none that a fork has added. False at the deadline. */
export async function freezeSession(session: Session): Promise<boolean> {
  const end = Date.now() + FREEZE_DEADLINE_MS;
  for (;;) {
    const awake = members(session).filter((seen) => seen.state !== 'T');
    if (awake.length === 0) return true;
    if (Date.now() > end) return false;
    for (const { pid } of awake) signal(pid, 'SIGSTOP');
    await sleep(1);
  }
}

export function thawSession(session: Session): void {
  signalSession(session, 'SIGCONT');
}

/**
 * Kills all of them, new ones too, and waits until none is left. The kernel tells nobody about grandchildren's ends.
 * Throws `engine_unavailable` when some do not end, as on a file system that hangs.
 */
export async function killSession(session: Session): Promise<void> {
  const end = Date.now() + KILL_DEADLINE_MS;
  for (;;) {
    const left = members(session);
    if (left.length === 0) return;
    if (Date.now() > end) throw engineTrouble(`processes do not end: ${left.map(({ pid }) => pid).join(', ')}`);
    for (const { pid } of left) signal(pid, 'SIGKILL');
    await sleep(LOOK_AGAIN_MS);
  }
}

/** SIGTERM to all, thawed; SIGKILL to those left after `graceMs`. Resolves when none is left. */
export async function endSession(session: Session, graceMs: number): Promise<void> {
  const end = Date.now() + graceMs;
  if (graceMs > 0) {
    // In this order the first thing a frozen process does is to handle the signal.
    signalSession(session, 'SIGTERM');
    thawSession(session);
    while (Date.now() < end && members(session).length > 0) await sleep(LOOK_AGAIN_MS);
  }
  await killSession(session);
}
