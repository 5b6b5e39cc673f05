/** Ends a supervisor that has stopped answering: HAProxy serves on without it, and another can follow. Starts none. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RouterLog } from '../embedded/router.ts';
import type { Link } from './link.ts';
import { type ProcessMark, signal } from './processMark.ts';

export interface WatchdogOptions {
  link: Link;
  supervisor: ProcessMark;
  patienceMs: number;
  log: RouterLog | undefined;
}

/** What came while this process itself was held up is read within this. */
const SECOND_LOOK_MS = 100;

/** A frozen process closes no connection: only asking tells. Resolves when the link is closed. */
export async function watchSupervisor({ link, supervisor, patienceMs, log }: WatchdogOptions): Promise<void> {
  let closed = false;
  void link.closed.then(() => {
    closed = true;
  });
  while (!closed) {
    await Promise.race([delay(patienceMs / 4, null, { ref: false }), link.closed]);
    if (closed || (await answers(link, patienceMs)) || closed) continue;
    log?.warn({ pid: supervisor.pid }, 'the supervisor of HAProxy does not answer; it is killed');
    signal(supervisor, 'SIGKILL');
    link.close();
  }
}

async function answers(link: Link, patienceMs: number): Promise<boolean> {
  const answer = link.call('ping', {}).then(
    () => true,
    () => true,
  );
  const late = () => delay(patienceMs, false, { ref: false });
  if (await Promise.race([answer, late()])) return true;
  return Promise.race([answer, delay(SECOND_LOOK_MS, false, { ref: false })]);
}
