/** Finds the moment of the first answer from a version, by a fresh request every 5 ms. */
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export interface Target {
  host: string;
  port: number;
  /** The Host header. */
  name: string;
}

const INTERVAL_MS = 5;
const REQUEST_TIMEOUT_MS = 10_000;

/** The body of a 200 on `/` over a connection of its own; null for anything else. */
function ask(target: Target): Promise<string | null> {
  return new Promise((resolve) => {
    const { host, port, name } = target;
    const sent = request({ host, port, path: '/', headers: { host: name }, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.once('close', () => resolve(answer.statusCode === 200 && answer.complete ? body : null));
    });
    sent.once('error', () => resolve(null));
    sent.setTimeout(REQUEST_TIMEOUT_MS, () => sent.destroy());
    sent.end();
  });
}

/** When `text` was first answered, by `performance.now()`. Rejects with the signal's reason. */
export async function firstAnswer(target: Target, text: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    signal.throwIfAborted();
    const askedAt = performance.now();
    const body = await ask(target);
    const answeredAt = performance.now();
    if (body?.includes(text)) return answeredAt;
    const restMs = INTERVAL_MS - (answeredAt - askedAt);
    if (restMs > 0) await pause(restMs);
  }
}
