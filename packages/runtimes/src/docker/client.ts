/** Talks to the Docker Engine: one client, a deadline on every call, its errors told apart. Knows nothing of Teal's things. */
import { isTealError, TealError } from '@teal/core';
import Docker from 'dockerode';

export interface DockerClient {
  docker: Docker;
  /**
   * Runs one call with its own deadline, and ends it when `signal` aborts (rejecting with the signal's reason).
   * Answers with an HTTP status are rethrown as they are (see {@link statusOf}); everything else, the deadline
   * included, becomes `engine_unavailable`.
   */
  call<T>(timeoutMs: number, run: (abortSignal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** The HTTP status that the daemon answered with, or null when `error` is something else. */
export function statusOf(error: unknown): number | null {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
}

/** What the daemon said, without the client's wrapping. */
export function sentenceOf(error: unknown): string {
  const said = (error as { json?: { message?: unknown } } | null)?.json?.message;
  if (typeof said === 'string') return said;
  return error instanceof Error ? error.message.replace(/^\(HTTP code \d+\) [^-]* - /, '').trim() : String(error);
}

export function createClient(socketPath: string): DockerClient {
  const docker = new Docker({ socketPath });
  return {
    docker,
    async call(timeoutMs, run, signal) {
      signal?.throwIfAborted();
      const deadline = AbortSignal.timeout(timeoutMs);
      const abort = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
      const ended = Promise.withResolvers<never>();
      const end = () => ended.reject(abort.reason);
      abort.addEventListener('abort', end, { once: true });
      try {
        // some of dockerode's calls take no signal: those are left to themselves when the time is over
        return await Promise.race([run(abort), ended.promise]);
      } catch (error) {
        signal?.throwIfAborted();
        if (statusOf(error) !== null || isTealError(error)) throw error;
        const detail = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : sentenceOf(error);
        throw new TealError('engine_unavailable', { engine: 'docker', detail }, { cause: error });
      } finally {
        abort.removeEventListener('abort', end);
      }
    },
  };
}

/** Resolves to null where the daemon answers 404. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

export const QUICK_MS = 10_000;
export const SLOW_MS = 60_000;
