/** Serves `git push`: reads what it wants to move, refuses what Teal does not keep, lets node-git-server run receive-pack. */
import type { ChildProcess } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { checkPushOptions, cleanLine, errorMessage, isTealError } from '@teal/core';
import { ByteReader } from '../source/bytes.ts';
import { isBranchOrTag } from '../source/repository.ts';
import { Answer } from './answer.ts';
import { drain, openBody } from './body.ts';
import { stopChild } from './child.ts';
import { pointHeadAtFirstBranch } from './defaultbranch.ts';
import { type Exchange, remaining } from './exchange.ts';
import type { GitRemoteHandlers } from './handlers.ts';
import type { HookSocket } from './hooksocket.ts';
import { run } from './library.ts';
import { Push } from './push.ts';
import { type PushHead, readPushHead } from './pushhead.ts';
import { refusePush } from './refusal.ts';
import type { Sweeper } from './sweep.ts';

export interface ReceiveDependencies {
  handlers: GitRemoteHandlers;
  hooks: HookSocket;
  sweeper: Sweeper;
  /** Size of the pack above which a push is refused. */
  maxPushBytes: number;
}

const RESULT = { 'content-type': 'application/x-git-receive-pack-result', 'cache-control': 'no-cache' };
/** Room for what stands before the pack. */
const HEAD_BYTES = 16 * 1024 * 1024;
const MIN_FREE_BYTES = 32 * 1024 * 1024;
/** How long git may take to move refs after the client has left. */
const LANDING_DEADLINE_MS = 60_000;
/** How long a client whose push was refused may go on sending it before it is cut. */
const DRAIN_DEADLINE_MS = 10 * 60_000;

/** Throws before it has answered anything: `push_malformed`, `request_too_large`. */
export async function serveReceive(exchange: Exchange, dependencies: ReceiveDependencies): Promise<void> {
  const { request, response } = exchange;
  const body = openBody(request, 2 * dependencies.maxPushBytes + HEAD_BYTES);
  try {
    const reader = new ByteReader(body.chunks);
    const head = await readPushHead(reader);
    // Git's probe: an empty request that asks whether a large one would be let in.
    if (head.commands.length === 0) return void response.writeHead(200, RESULT).end();
    const refusal = await judge(head, exchange.repository);
    if (refusal === null) await receive(exchange, dependencies, { head, reader });
    else refusePush(response, head, refusal);
  } finally {
    body.release();
  }
  await drain(request, { maxBytes: dependencies.maxPushBytes, timeoutMs: DRAIN_DEADLINE_MS });
}

/** Why the push is refused before its pack is read; null when it is not. */
async function judge(head: PushHead, repository: string): Promise<string | null> {
  const foreign = head.commands.find((command) => !isBranchOrTag(command.ref));
  if (foreign !== undefined) return errorMessage('push_ref_unsupported', { ref: cleanLine(foreign.ref).slice(0, 100) });
  const { bavail, bsize } = await statfs(repository);
  if (bavail * bsize < MIN_FREE_BYTES) return errorMessage('disk_full');
  try {
    checkPushOptions(head.options);
    return null;
  } catch (error) {
    if (isTealError(error)) return cleanLine(error.message.replace(/\s+/g, ' '));
    throw error;
  }
}

async function receive(
  exchange: Exchange,
  { handlers, hooks, sweeper, maxPushBytes }: ReceiveDependencies,
  { head, reader }: { head: PushHead; reader: ByteReader },
): Promise<void> {
  const { repository, gone, access } = exchange;
  const answer = new Answer(exchange.response);
  const push = new Push({ access, commands: head.commands, options: head.options }, handlers, gone);
  let child: ChildProcess | undefined;
  let deadline: NodeJS.Timeout | undefined;
  const leave = () => {
    // Once refs may move, git is left alone: it needs milliseconds, and half of a push must not land.
    if (child === undefined) return;
    if (!push.accepted) void stopChild(child);
    else deadline = setTimeout(() => child && void stopChild(child), LANDING_DEADLINE_MS);
  };
  const onChild = (started: ChildProcess) => {
    child = started;
    if (started.pid !== undefined) hooks.serve(started.pid, (call) => push.hook(call));
    if (gone.aborted) leave();
  };
  gone.addEventListener('abort', leave, { once: true });
  const release = sweeper.enter(repository);
  const tooLarge = () => {
    if (!head.capabilities.has('side-band-64k')) return;
    answer.say(errorMessage('push_too_large', { limit: readableSize(maxPushBytes) }).split('\n'));
  };
  try {
    const rest = counted(remaining(reader), maxPushBytes, tooLarge);
    await run({ repository, service: 'receive-pack', answer, head: head.raw, rest, onChild });
    await pointHeadAtFirstBranch(repository, head.commands);
  } finally {
    gone.removeEventListener('abort', leave);
    if (child !== undefined && !push.accepted) await stopChild(child);
    else if (child !== undefined) await ended(child);
    clearTimeout(deadline);
    if (child?.pid !== undefined) hooks.leave(child.pid);
    await release();
    await push.ended();
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Git itself refuses a pack above its limit (`receive.maxInputSize`); this only tells when that is about to happen. */
async function* counted(chunks: AsyncIterable<Buffer>, limit: number, exceeded: () => void): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of chunks) {
    const before = total;
    total += chunk.length;
    if (before <= limit && total > limit) exceeded();
    yield chunk;
  }
}

/** 1073741824 → "1 GiB"; whole units where they fit. */
function readableSize(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1_024 && unit < units.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${Number(size.toFixed(1))} ${units[unit]}`;
}
