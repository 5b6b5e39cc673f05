/** Answers on the bare socket where Node's parser has given up or let go: malformed requests and CONNECT. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** How long the client has to read the answer before the connection is cut. */
const READING_TIME_MS = 500;

function answerRaw(socket: Socket, status: number, extra = ''): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = `${STATUS_CODES[status]}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${body.length}\r\n${extra}\r\n${body}`,
  );
  // Cutting at once, with bytes of the client unread, would reset the connection and take the answer with it.
  const timer = setTimeout(() => socket.destroy(), READING_TIME_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** Refuses a CONNECT. */
export function answerConnect(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  answerRaw(socket, 405, 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n');
  socket.resume();
}

function statusOf(error: NodeJS.ErrnoException): number {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 431;
  if (error.code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 413;
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408;
  return 400;
}

const answered = new WeakSet<Socket>();

/** Refuses what the parser could not read. `current` is the answer under way on the connection, if any. */
export function answerBadRequest(error: NodeJS.ErrnoException, socket: Socket, current: ServerResponse | null): void {
  const isParserError = error.code?.startsWith('HPE_') === true || error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  if (!isParserError || !socket.writable) {
    socket.destroy();
    return;
  }
  if (answered.has(socket)) return;
  answered.add(socket);
  if (current === null) answerRaw(socket, statusOf(error));
  else if (current.req.complete) current.once('close', () => answerRaw(socket, statusOf(error)));
  else if (current.headersSent) socket.destroy();
  else {
    current.detachSocket(socket);
    current.destroy();
    answerRaw(socket, statusOf(error));
  }
}
