/** What the git remote asks of the rest of Teal. Types only. */
import type { RefCommand } from '@teal/core';
import type { Credentials, GitService } from './route.ts';

/** Who pushes. */
export interface GitPrincipal {
  id: string;
  name: string;
}

export interface GitAccess {
  appId: string;
  appName: string;
  principal: GitPrincipal;
}

export interface ReceivedPush {
  access: GitAccess;
  commands: readonly RefCommand[];
  /** `git push -o`, each known to core's `PUSH_OPTIONS`. */
  options: readonly string[];
}

export interface GitRemoteHandlers {
  /** Null: wrong or missing credentials (401). */
  authenticate(credentials: Credentials): Promise<GitPrincipal | null>;
  /** Null: nobody has the key of this fingerprint (`SHA256:…`). Asked at login and again before each command. */
  authenticateKey?(fingerprint: string, address: string): Promise<GitPrincipal | null>;
  /** Null: no such app or not this principal's (404). `appName` is the name or the id in the address. */
  authorize(principal: GitPrincipal, appName: string, service: GitService): Promise<GitAccess | null>;
  /**
   * Git has received and checked the objects and is about to move the refs; the objects cannot be read yet. Returns a
   * push id to accept; throws `TealError` to refuse the whole push with its message.
   */
  accept(push: ReceivedPush): Promise<string>;
  /**
   * The refs are durable; `push.commands` are those that moved. Yields lines for the push client until the deployment
   * has ended. Always asked for its first line, even when the client has left; left (`signal` aborts, then
   * `iterator.return`) when the client or this server goes. Must settle soon after the abort: `close()` waits for it.
   */
  landed(pushId: string, push: ReceivedPush, signal: AbortSignal): AsyncIterable<string>;
  /**
   * Git has ended after `accept` without `landed`: a ref was locked, or git or its machine failed. The reflog says
   * whether the refs moved (`SourceReader.landed`).
   */
  lost?(pushId: string, push: ReceivedPush): Promise<void>;
  /** An unexpected error that a client was told of only by `reference`. */
  failed?(error: unknown, reference: string): void;
}
