/** Carries a request's body to the app, and gets rid of one that nobody takes. */
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { passedTrailers } from './headers.ts';

/** Calls `gone` when the client's connection closes before the body has ended; breaks off an upload that stands still. */
export function watchUpload(
  request: IncomingMessage,
  response: ServerResponse,
  { idleMs, gone }: { idleMs: number; gone: () => void },
): void {
  const { socket } = request;
  // An upload may outlive its answer, and Node then no longer tells the request that its client has gone.
  socket.once('close', gone);
  request.on('error', () => {});
  request.setTimeout(idleMs, () => socket.destroy());
  request.once('end', () => {
    socket.removeListener('close', gone);
    // After the answer the timeout is that of an idle connection.
    if (!response.writableFinished) socket.setTimeout(0);
  });
}

/** Sends body and trailers on; tells the bytes as they come. */
export function sendUpload(request: IncomingMessage, outgoing: ClientRequest, moved: (bytes: number) => void): void {
  request.on('data', (chunk: Buffer) => moved(chunk.length));
  request.pipe(outgoing, { end: false });
  request.once('end', () => {
    if (outgoing.destroyed) return;
    const trailers = passedTrailers(request.rawTrailers);
    if (trailers.length > 0) outgoing.addTrailers(trailers);
    outgoing.end();
  });
}

/** Reads the rest of an upload to nowhere, for `lingerMs`, so that a client that still sends gets to read its answer. */
export function voidUpload(request: IncomingMessage, lingerMs: number): void {
  if (request.readableEnded) return;
  request.unpipe();
  request.resume();
  const { socket } = request;
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  const clear = () => clearTimeout(timer);
  socket.once('close', clear);
  request.once('end', clear);
}
