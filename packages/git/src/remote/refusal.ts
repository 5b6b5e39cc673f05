/** Refuses a push in git's own words (a report for every ref), without any git process; or a request, in HTTP's. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode, TealError } from '@teal/core';
import { drain } from './body.ts';
import { data, FLUSH, packet, progress } from './packet.ts';
import type { PushHead } from './pushhead.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  push_malformed: 400,
  request_too_large: 413,
  push_not_ready: 503,
  database_unavailable: 503,
  disk_full: 507,
};
const DRAIN = { maxBytes: 1024 * 1024, timeoutMs: 5_000 };

/** Answers with the error's status and its sentence as plain text (which git shows), then lets the client finish. */
export async function refuseRequest(
  request: IncomingMessage,
  response: ServerResponse,
  error: TealError,
): Promise<void> {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const status = STATUS[error.code] ?? 500;
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  if (status === 401) headers['WWW-Authenticate'] = 'Basic realm="Teal"';
  if (status === 405) headers.allow = 'GET, POST';
  response.writeHead(status, headers).end(`${error.message}\n`);
  await drain(request, DRAIN);
}

/** The client's own name for a refused ref: `! [remote rejected] main -> main (refused by Teal)`. */
const REASON = 'refused by Teal';

/** Answers 200 with a report that refuses every ref and shows `sentence`. The client may still be sending its pack. */
export function refusePush(response: ServerResponse, head: PushHead, sentence: string): void {
  const report = Buffer.concat([
    packet('unpack ok\n'),
    ...head.commands.map((command) => packet(`ng ${command.ref.replace(/[\r\n]/g, '?')} ${REASON}\n`)),
    FLUSH,
  ]);
  const banded = head.capabilities.has('side-band-64k');
  const reports = head.capabilities.has('report-status') || head.capabilities.has('report-status-v2');
  response.writeHead(200, { 'content-type': 'application/x-git-receive-pack-result', 'cache-control': 'no-cache' });
  if (banded) response.write(progress(sentence.split('\n')));
  if (banded) response.write(Buffer.concat([reports ? data(report) : Buffer.alloc(0), FLUSH]));
  else if (reports) response.write(report);
  response.end();
}
