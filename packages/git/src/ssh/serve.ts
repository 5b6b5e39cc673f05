/** Serves one git service on one SSH channel: a push on the same way as over HTTP, a fetch by git's own upload-pack. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { TealError } from '@teal/core';
import type { ServerChannel } from 'ssh2';
import { stopChild } from '../remote/child.ts';
import type { Exchange } from '../remote/exchange.ts';
import type { GitAccess } from '../remote/handlers.ts';
import { type ReceiveDependencies, serveReceive } from '../remote/receive.ts';
import { asRequest, asResponse, ChannelAnswer, ChannelRequest } from './channel.ts';

/** What a client wants and has; a history of 300,000 commits still fits. */
const FETCH_MAX_BYTES = 32 * 1024 * 1024;
/** A client that says nothing for this long, in the middle of a fetch, has left. */
const FETCH_SILENCE_S = 600;

export interface SshExchange {
  channel: ServerChannel;
  access: GitAccess;
  repository: string;
  /** Aborts when the client leaves or the server stops. */
  gone: AbortSignal;
  /** The whole environment of git. */
  environment: Record<string, string>;
}

/** Git over SSH speaks first; over HTTP the same lines are a request of their own, and the rest of a push is the same. */
export async function servePush(exchange: SshExchange, dependencies: ReceiveDependencies): Promise<number> {
  const { channel, access, repository, gone } = exchange;
  const request = new ChannelRequest(channel);
  const answer = new ChannelAnswer(channel);
  const code = await runGit(exchange, ['receive-pack', '--stateless-rpc', '--advertise-refs', repository], (child) => {
    child.stdin?.end();
    child.stdout?.pipe(channel, { end: false });
  });
  if (code !== 0) throw new Error(`git receive-pack --advertise-refs ended with ${code}`);
  const standIn: Exchange = { request: asRequest(request), response: asResponse(answer), access, repository, gone };
  await serveReceive(standIn, dependencies);
  return 0;
}

/** `protocol` is git's wish for a version, in its own words. */
export async function serveFetch(exchange: SshExchange, protocol: string | null): Promise<number> {
  const { channel, repository } = exchange;
  const environment = { ...exchange.environment, ...(protocol === null ? {} : { GIT_PROTOCOL: protocol }) };
  let total = 0;
  return runGit(
    { ...exchange, environment },
    ['upload-pack', '--strict', `--timeout=${FETCH_SILENCE_S}`, repository],
    (child) => {
      const input = new ChannelRequest(channel);
      input.on('data', (chunk: Buffer) => {
        total += chunk.length;
        if (total > FETCH_MAX_BYTES) void stopChild(child);
      });
      if (child.stdin !== null) input.pipe(child.stdin);
      child.stdout?.pipe(channel, { end: false });
    },
  );
}

async function runGit(
  { gone, environment }: SshExchange,
  argv: readonly string[],
  connect: (child: ChildProcess) => void,
): Promise<number> {
  if (gone.aborted) throw new TealError('push_not_ready');
  const child = spawn('git', [...argv], { env: environment, stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const stop = () => void stopChild(child);
  gone.addEventListener('abort', stop, { once: true });
  // Git may end before it has read everything.
  child.stdin?.on('error', () => {});
  try {
    connect(child);
    const [[code]] = await Promise.all([exited, child.stdout === null ? null : drained(child.stdout, gone)]);
    return code ?? 1;
  } finally {
    gone.removeEventListener('abort', stop);
  }
}

/** What git has written is handed on, or nobody is there to take it. */
async function drained(output: NodeJS.ReadableStream, gone: AbortSignal): Promise<void> {
  await finished(output, { signal: gone }).catch(() => {});
}
