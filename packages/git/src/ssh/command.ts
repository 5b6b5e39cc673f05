/** What an SSH client may ask for: one of git's two services of one app. Everything else is none. */
import type { GitService } from '../remote/route.ts';

export interface GitCommand {
  /** A name or an id; nothing in it can lead out of a folder or look like an option. */
  app: string;
  service: GitService;
}

/** Git puts the path in quotes, and a name has nothing in it that would need escaping. */
const COMMAND = /^git[- ](upload|receive)-pack (?:'([^']*)'|([^\s'"\\]+))$/;
const PATH = /^\/?(?:git\/)?([A-Za-z0-9_][A-Za-z0-9_-]{0,99})(?:\.git)?\/?$/;

export function parseCommand(command: string): GitCommand | null {
  const match = COMMAND.exec(command);
  if (match === null) return null;
  const app = PATH.exec(match[2] ?? match[3] ?? '')?.[1];
  // A path that no app can have is a repository that does not exist, like any other.
  return { app: app ?? '', service: match[1] === 'upload' ? 'upload-pack' : 'receive-pack' };
}

/** The one variable that git sends: which version of its protocol it would like. */
export function isProtocolWish(value: string): boolean {
  return /^version=[0-2]$/.test(value);
}
