/** One visit to the app through the router, its answer checked whole by the caller. Never tries again. */
import { type Agent, type IncomingMessage, request } from 'node:http';

export interface Door {
  /** The router's port on the loopback address. */
  port: number;
  /** The app's host, as its URL names it. */
  host: string;
}

export interface Visit {
  method: 'GET' | 'POST';
  path: string;
  agent: Agent;
  /** A body is sent piece by piece, `pieceMs` apart. */
  pieces?: readonly string[];
  pieceMs?: number;
  timeoutMs?: number;
}

export interface Answer {
  status: number;
  body: string;
  /** When the first bytes of the head arrived, by `performance.now()`. */
  headAt: number;
}

const TIMEOUT_MS = 30_000;

/** Rejects when the connection fails, ends early, or is silent for `timeoutMs`. */
export function visit(door: Door, what: Visit): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const pieces = what.pieces ?? [];
    const outgoing = request(
      {
        // The loopback address with a Host header: *.localhost does not resolve everywhere.
        host: '127.0.0.1',
        port: door.port,
        method: what.method,
        path: what.path,
        agent: what.agent,
        headers: {
          Host: door.host,
          ...(what.method === 'POST'
            ? {
                'Content-Type': 'text/plain',
                'Content-Length': pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0),
              }
            : {}),
        },
      },
      (answer) => readAnswer(answer).then(resolve, reject),
    );
    outgoing.on('error', reject);
    outgoing.setTimeout(what.timeoutMs ?? TIMEOUT_MS, () => outgoing.destroy(new Error('no answer in time')));
    sendPieces(outgoing, pieces, what.pieceMs ?? 0);
  });
}

async function readAnswer(answer: IncomingMessage): Promise<Answer> {
  const headAt = performance.now();
  let body = '';
  answer.setEncoding('utf8');
  // Ends with an error when the connection is cut before the body is complete.
  for await (const chunk of answer) body += chunk;
  return { status: answer.statusCode ?? 0, body, headAt };
}

function sendPieces(outgoing: ReturnType<typeof request>, pieces: readonly string[], pieceMs: number): void {
  const [piece, ...others] = pieces;
  if (piece === undefined) {
    outgoing.end();
    return;
  }
  outgoing.write(piece);
  const timer = setTimeout(() => sendPieces(outgoing, others, pieceMs), others.length === 0 ? 0 : pieceMs);
  outgoing.once('close', () => clearTimeout(timer));
}
