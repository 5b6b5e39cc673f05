/** One authorised request on its way through the remote, and the watch over its client. Starts nothing. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GitAccess } from './handlers.ts';

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  access: GitAccess;
  /** The app's bare repository, which exists. */
  repository: string;
  /** Aborts when the client leaves before its answer is complete, or the server stops. */
  gone: AbortSignal;
}

/** A client that neither sends nor takes a byte for this long has left. The remote itself speaks every few seconds. */
const SILENCE_MS = 10 * 60_000;

/** Aborts `controller` when the client of `response` leaves before the end of its answer. */
export function watchClient(response: ServerResponse, controller: AbortController): void {
  response.socket?.setKeepAlive(true, 30_000);
  response.setTimeout(SILENCE_MS, () => response.destroy());
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
}

/** The rest of `reader` in pieces, as they come. */
export async function* remaining(reader: { some(): Promise<Buffer | null> }): AsyncGenerator<Buffer> {
  for (let chunk = await reader.some(); chunk !== null; chunk = await reader.some()) yield chunk;
}
