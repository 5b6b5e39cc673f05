/** Waits for things to become so: an answer of a version, a mail. Each wait has a deadline. */
import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { AppView, MailView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import type { Api } from '../api/client.ts';
import { HOME_PATH, type Home, readHome } from './hello.ts';
import { type Door, visit } from './visit.ts';

const BETWEEN_VISITS_MS = 5;
const BETWEEN_QUESTIONS_MS = 100;
const GRACE_MS = 1_000;

export interface Sighting {
  home: Home;
  /** When its first bytes arrived, by `performance.now()`. */
  at: number;
}

/** The app's answer on `/` now; throws when it is no good answer. */
export async function lookAt(door: Door): Promise<Sighting> {
  const agent = new Agent();
  try {
    const answer = await visit(door, { method: 'GET', path: HOME_PATH, agent, timeoutMs: 10_000 });
    if (answer.status !== 200) throw new Error(`/ answered ${answer.status}`);
    return { home: readHome(answer.body), at: answer.headAt };
  } finally {
    agent.destroy();
  }
}

/** Visits `/` again and again until `version` answers; resolves with null when `until` aborts first. */
async function firstAnswer(door: Door, version: string, until: AbortSignal): Promise<Sighting | null> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    while (!until.aborted) {
      // Before its first version is live an app answers 503 by design.
      const answer = await visit(door, { method: 'GET', path: HOME_PATH, agent, timeoutMs: 10_000 }).catch(() => null);
      if (answer?.status === 200) {
        const home = readHome(answer.body);
        if (home.version === version) return { home, at: answer.headAt };
      }
      await pause(BETWEEN_VISITS_MS);
    }
    return null;
  } finally {
    agent.destroy();
  }
}

/** Does something while `version` is waited for; what has not answered a second after it is done does not answer. */
export async function watchWhile<T>(
  door: Door,
  version: string,
  act: () => Promise<T>,
): Promise<{ done: T; sighting: Sighting | null }> {
  const enough = new AbortController();
  const watching = firstAnswer(door, version, enough.signal);
  // Awaited below; until then an early rejection must not count as unhandled.
  watching.catch(() => {});
  try {
    const done = await act();
    AbortSignal.timeout(GRACE_MS).addEventListener('abort', () => enough.abort());
    return { done, sighting: await watching };
  } finally {
    enough.abort();
  }
}

/** The first mail that `wanted` says yes to; null at the deadline. The mailbox tells of no arrivals: it is asked. */
export async function awaitMail(
  api: Api,
  wanted: (mail: MailView) => boolean,
  deadlineMs: number,
): Promise<MailView | null> {
  const endAt = performance.now() + deadlineMs;
  while (performance.now() < endAt) {
    const { mails } = await api.get<{ mails: MailView[] }>(paths.mailbox());
    const found = mails.find(wanted);
    if (found !== undefined) return found;
    await pause(BETWEEN_QUESTIONS_MS, undefined, { signal: api.signal });
  }
  return null;
}

/** The app as soon as `wanted` says yes to it, or as it is at the deadline. */
export async function awaitApp(
  api: Api,
  app: string,
  wanted: (view: AppView) => boolean,
  deadlineMs: number,
): Promise<AppView> {
  const endAt = performance.now() + deadlineMs;
  for (;;) {
    const view = await api.get<AppView>(paths.app(app));
    if (wanted(view) || performance.now() > endAt) return view;
    await pause(BETWEEN_QUESTIONS_MS, undefined, { signal: api.signal });
  }
}
