/** One GET on one fresh connection, and what came of it. Follows no redirect, keeps no connection, decides nothing. */
import { type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http';
import type { ProbeAnswer } from '@teal/core';
import { PROOF_ANSWER_HEADER, PROOF_REQUEST_HEADER, type ProbeRequest, type Prober } from '@teal/deployer';
import { answerOf } from './trouble.ts';

/** A body is read this far, so that small pages end cleanly for the app … */
const MAX_BODY_BYTES = 16 * 1024;
/** … and this long after the headers: a stream on `/` is an answer too. */
const MAX_BODY_MS = 100;
const MAX_HEADER_BYTES = 64 * 1024;

interface Asked {
  answer: ProbeAnswer;
  deploymentId: string | null;
}

/** A prober without state. `probe` and `identify` reject only when the request's signal aborts, with its reason. */
export function createProber(): Prober {
  return {
    probe: async (request) => (await ask(request, {})).answer,
    identify: (request) => ask(request, { [PROOF_REQUEST_HEADER]: request.secret }),
  };
}

function open({ address, path, host }: ProbeRequest, extra: Record<string, string>): ClientRequest {
  return openRequest({
    host: address.host,
    port: address.port,
    method: 'GET',
    path,
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    headers: { Host: host, 'User-Agent': 'Teal-Health', Accept: '*/*', 'X-Forwarded-Proto': 'http', ...extra },
  });
}

function ask(request: ProbeRequest, extra: Record<string, string>): Promise<Asked> {
  const { signal, timeoutMs } = request;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    let outgoing: ClientRequest;
    try {
      outgoing = open(request, extra);
    } catch {
      const answer: ProbeAnswer = {
        kind: 'none',
        why: 'malformed',
        detail: 'the path holds characters that cannot be sent',
      };
      resolve({ answer, deploymentId: null });
      return;
    }
    const settle = (end: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      end();
      outgoing.destroy();
    };
    const none = (why: 'timeout' | 'reset', detail: string) =>
      settle(() => resolve({ answer: { kind: 'none', why, detail }, deploymentId: null }));
    const abort = () => settle(() => reject(signal.reason));
    const timer = setTimeout(() => none('timeout', `no answer within ${timeoutMs} ms`), timeoutMs);
    signal.addEventListener('abort', abort);
    const answered = (incoming: IncomingMessage) => settle(() => resolve(readHead(incoming)));
    outgoing.once('response', (incoming) => readBody(incoming, () => answered(incoming)));
    outgoing.once('upgrade', answered);
    outgoing.on('error', (error) => settle(() => resolve({ answer: answerOf(error), deploymentId: null })));
    outgoing.once('close', () => none('reset', 'closed without an answer'));
    outgoing.end();
  });
}

function readHead(incoming: IncomingMessage): Asked {
  const named = incoming.headers[PROOF_ANSWER_HEADER];
  return {
    answer: { kind: 'status', status: incoming.statusCode ?? 0 },
    deploymentId: typeof named === 'string' ? named : null,
  };
}

/** Calls `done` when the body has ended, broken off, or been read as far as we read. */
function readBody(incoming: IncomingMessage, done: () => void): void {
  let left = MAX_BODY_BYTES;
  const timer = setTimeout(done, MAX_BODY_MS);
  incoming.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) incoming.destroy();
  });
  incoming.on('error', () => {});
  incoming.once('close', () => {
    clearTimeout(timer);
    done();
  });
  incoming.once('end', done);
}
