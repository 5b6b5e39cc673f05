/** Carries an answer's body to the client, no faster than the client reads. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { passedTrailers } from './headers.ts';

export interface PourEvents {
  /** So many bytes go to the client. */
  moved(bytes: number): void;
  /** The answer has come whole, and all of it was handed to the client's connection. */
  whole(): void;
  /** It ended before it was whole. */
  broken(): void;
}

/** The response's head must have been written; its end is this function's. */
export function pour(answer: IncomingMessage, response: ServerResponse, events: PourEvents): void {
  let begun = false;
  const resume = () => answer.resume();
  answer.on('data', (chunk: Buffer) => {
    begun = true;
    events.moved(chunk.length);
    if (!response.write(chunk)) {
      answer.pause();
      response.once('drain', resume);
    }
  });
  answer.once('end', () => {
    if (!answer.complete) return;
    if (answer.rawTrailers.length > 0) response.addTrailers(passedTrailers(answer.rawTrailers));
    response.end();
    events.whole();
  });
  answer.once('close', () => {
    if (!answer.complete) events.broken();
  });
  // An event stream's headers must not wait for its first event; a body that came with them goes out in one write.
  process.nextTick(() => {
    if (!begun && !answer.complete) response.flushHeaders();
  });
}
