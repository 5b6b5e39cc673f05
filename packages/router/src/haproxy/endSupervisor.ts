/** Ends the supervisor and the HAProxy of a state folder, alive or half dead. Starts nothing. */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Link } from './link.ts';
import { noticePath, readNotice } from './notice.ts';
import { isAlive, signal } from './processMark.ts';

const POLITE_MS = 3_000;
const FIRM_MS = 5_000;

/** True when there was something to end. Does nothing where nothing runs. */
export async function endSupervisor(stateDir: string): Promise<boolean> {
  const notice = readNotice(stateDir);
  if (notice === null) return false;
  const all = [notice.supervisor, ...notice.serving];
  const ran = all.some(isAlive);
  if (isAlive(notice.supervisor)) {
    const link = await Link.open(notice.controlSocket).catch(() => null);
    await Promise.race([link?.call('shutdown', {}).catch(() => null), delay(POLITE_MS, null, { ref: false })]);
    link?.close();
  }
  const deadline = performance.now() + FIRM_MS;
  // The supervisor first: it would start again what ends.
  for (let round = 0; all.some(isAlive) && performance.now() < deadline; round += 1) {
    if (round >= 20) for (const mark of all) signal(mark, 'SIGKILL');
    await delay(10);
  }
  await rm(noticePath(stateDir), { force: true });
  return ran;
}
