/** The only place that knows node-git-server: lets it serve one checked request of one repository. Checks nothing itself. */
import type { ChildProcess } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { type FetchData, Git, type PushData, type TagData } from 'node-git-server';
import type { Answer } from './answer.ts';
import type { GitService } from './route.ts';

export interface LibraryRequest {
  repository: string;
  service: GitService;
  answer: Answer;
}

/** Lets the library answer `GET info/refs`. Resolves when the answer is complete. */
export async function advertise(request: LibraryRequest): Promise<void> {
  const { service, answer } = request;
  const incoming = standIn({ method: 'GET', url: `/app.git/info/refs?service=git-${service}` }, Readable.from([]));
  const git = gitOf(request.repository);
  git.once('error', (error: Error) => answer.destroy(error));
  git.handle(incoming, answer as unknown as ServerResponse);
  await finished(answer);
}

export interface LibraryRun extends LibraryRequest {
  /** Everything up to the end of the refs: the library looks for them in its first chunk only. */
  head: Buffer;
  rest: AsyncIterable<Buffer>;
  /** Gets git's process as soon as there is one. */
  onChild: (child: ChildProcess) => void;
}

/**
 * Lets the library run a service over `head` and `rest`. Resolves when the answer is complete and git has ended;
 * rejects when git cannot be started or reading `rest` fails, and git may still be running then.
 */
export async function run(options: LibraryRun): Promise<void> {
  const { service, answer } = options;
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const body = Readable.from(sequence(options.head, started.promise, options.rest), { objectMode: false });
  const git = gitOf(options.repository);
  let accepted = false;
  const accept = (action: PushData | TagData | FetchData) => {
    // The library calls once for every ref it finds; one process serves them all.
    if (accepted) return;
    accepted = true;
    action.on('error', ended.reject);
    action.on('service', (child: ChildProcess) => {
      // Git may end before it has read everything, and nobody else reads what it says here.
      child.stdin?.on('error', () => {});
      child.stderr?.resume();
      child.once('exit', () => ended.resolve()).once('error', ended.reject);
      options.onChild(child);
      started.resolve();
    });
    action.accept();
  };
  git.on('push', accept).on('tag', accept).on('fetch', accept);
  git.handle(standIn({ method: 'POST', url: `/app.git/git-${service}` }, body), answer as unknown as ServerResponse);
  body.once('data', () => {
    setImmediate(() => accepted || ended.reject(new Error('node-git-server found no ref in the request')));
  });
  try {
    await Promise.all([ended.promise, finished(answer)]);
  } catch (error) {
    // Git's end must not look like an answer.
    answer.abandon();
    throw error;
  } finally {
    started.resolve();
  }
}

/** Nothing may fail in `rest` before the library has its process: it has no ear for errors until then. */
async function* sequence(head: Buffer, started: Promise<void>, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  await started;
  yield* rest;
}

function gitOf(repository: string): Git {
  return new Git(() => repository, { autoCreate: false });
}

function standIn(line: { method: string; url: string }, body: Readable): IncomingMessage {
  return Object.assign(body, { ...line, headers: {} }) as unknown as IncomingMessage;
}
