/** One push from its first hook to its last line: whom it asks, what the client sees, what its end means. Moves no ref itself. */
import { randomUUID } from 'node:crypto';
import { errorMessage, isTealError, type RefCommand } from '@teal/core';
import type { GitAccess, GitRemoteHandlers, ReceivedPush } from './handlers.ts';
import type { HookCall } from './hooksocket.ts';
import { parseCommandLines } from './pushhead.ts';

const STOPPING = 'Teal is stopping. The push is in; "teal status" shows what becomes of it.';

export interface PushFacts {
  access: GitAccess;
  commands: readonly RefCommand[];
  options: readonly string[];
}

export class Push {
  readonly #facts: PushFacts;
  readonly #handlers: GitRemoteHandlers;
  readonly #gone: AbortSignal;
  #pushId: string | null = null;
  #accepted = false;
  #landed = false;
  /** What goes on after the client has left; awaited by {@link ended}. */
  #loose: Promise<unknown> = Promise.resolve();

  /** `gone` aborts when the client leaves or the server stops. */
  constructor(facts: PushFacts, handlers: GitRemoteHandlers, gone: AbortSignal) {
    this.#facts = facts;
    this.#handlers = handlers;
    this.#gone = gone;
  }

  /** True once git has been told to move the refs: it must not be stopped any more. */
  get accepted(): boolean {
    return this.#accepted;
  }

  async hook(call: HookCall): Promise<void> {
    try {
      if (call.hook === 'pre-receive') await this.#preReceive(call);
      else await this.#postReceive(call);
    } catch (error) {
      await call.print(this.sentence(error));
      call.end(false);
    }
  }

  /** Call when git has ended: tells of a push that was accepted but never landed. */
  async ended(): Promise<void> {
    await this.#loose;
    if (this.#pushId === null || this.#landed) return;
    await this.#handlers.lost?.(this.#pushId, this.#facts);
  }

  /** What the client may read of `error`. */
  sentence(error: unknown): string {
    if (isTealError(error)) return error.message;
    const reference = randomUUID();
    this.#handlers.failed?.(error, reference);
    return errorMessage('internal', { reference });
  }

  async #preReceive(call: HookCall): Promise<void> {
    const commands = parseCommandLines(call.input);
    // Git leaves out the refs whose objects it refuses; a push lands whole or not at all.
    if (commands.length !== this.#facts.commands.length) {
      await call.print('Git refuses some of the refs, so Teal takes none of them.');
      return call.end(false);
    }
    const accepting = this.#handlers.accept(this.#received(commands));
    this.#loose = accepting.catch(() => {});
    this.#pushId = await accepting;
    this.#accepted = !this.#gone.aborted;
    call.end(this.#accepted);
  }

  async #postReceive(call: HookCall): Promise<void> {
    if (this.#pushId === null) throw new Error('a push has landed that was never accepted');
    this.#landed = true;
    const push = this.#received(parseCommandLines(call.input));
    const lines = this.#handlers.landed(this.#pushId, push, this.#gone)[Symbol.asyncIterator]();
    const gone = aborted(this.#gone);
    for (;;) {
      const next = lines.next();
      const line = await Promise.race([next, gone.promise]);
      if (line === undefined) {
        gone.forget();
        this.#leave(next, lines);
        await call.print(STOPPING);
        break;
      }
      if (line.done === true) break;
      await call.print(line.value);
    }
    gone.forget();
    call.end(true);
  }

  #leave(next: Promise<unknown>, lines: AsyncIterator<string>): void {
    this.#loose = next.then(() => lines.return?.()).catch((error) => void this.sentence(error));
  }

  #received(commands: readonly RefCommand[]): ReceivedPush {
    return { access: this.#facts.access, commands, options: this.#facts.options };
  }
}

function aborted(signal: AbortSignal): { promise: Promise<undefined>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const listener = () => resolve(undefined);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return { promise, forget: () => signal.removeEventListener('abort', listener) };
}
