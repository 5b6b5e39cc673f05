/** Mails to one person: invitations and password resets. Sends in the background; the secret in them is kept nowhere else. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Letter } from '@teal/mailer';
import type { Logger } from 'pino';

const RETRIES_MS = [2_000, 15_000, 60_000];

export interface Letters {
  post(letter: Letter): void;
  /** Gives up what is not sent yet. */
  close(): Promise<void>;
}

export function createLetters(send: (letter: Letter, signal: AbortSignal) => Promise<void>, log: Logger): Letters {
  const closing = new AbortController();
  const { signal } = closing;
  const running = new Set<Promise<void>>();

  async function deliver(letter: Letter): Promise<void> {
    for (const [index, waitMs] of [0, ...RETRIES_MS].entries()) {
      if (waitMs > 0) await delay(waitMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        return await send(letter, signal);
      } catch (error) {
        const last = index === RETRIES_MS.length;
        log.warn({ to: letter.to, err: error, last }, 'a letter could not be sent');
      }
    }
  }

  return {
    post(letter) {
      const task = deliver(letter).finally(() => running.delete(task));
      running.add(task);
    },
    async close() {
      closing.abort();
      await Promise.all(running);
    },
  };
}
