/** Which app the current folder belongs to, by the remotes of its repository. */
import type { Server } from '../api/server.ts';
import type { Call } from '../call.ts';
import { usageError } from '../output/exit.ts';
import { listRemotes, type Remote } from './repository.ts';

const PREFERRED = 'clever';

/** The app that `remote` pushes to, or null when it leads elsewhere. */
export function appOfRemote(remote: Remote, server: URL): string | null {
  if (!URL.canParse(remote.url)) return null;
  const url = new URL(remote.url);
  // The port of git over SSH is another one, which only the server knows.
  if (url.protocol === 'ssh:') {
    const app = /^\/(?:git\/)?([A-Za-z0-9_-]+)(?:\.git)?\/?$/.exec(url.pathname)?.[1];
    return url.hostname === server.hostname ? (app ?? null) : null;
  }
  const name = /^\/git\/([A-Za-z0-9_-]+)(?:\.git)?\/?$/.exec(url.pathname)?.[1];
  return url.protocol === server.protocol && url.host === server.host ? (name ?? null) : null;
}

/** The apps of this folder's remotes; the remote `clever` decides alone. */
export async function appsOfFolder(call: Call, server: Server): Promise<string[]> {
  const remotes = await listRemotes(call.io);
  const found = remotes.map((remote) => ({ remote, app: appOfRemote(remote, server.url) }));
  const preferred = found.find(({ remote, app }) => remote.name === PREFERRED && app !== null)?.app;
  if (preferred) return [preferred];
  return [...new Set(found.flatMap(({ app }) => (app === null ? [] : [app])))];
}

/** The app a command is about: the word given, `--app`, or the one of this folder. */
export async function resolveApp(call: Call, server: Server, word?: string): Promise<string> {
  const named = word ?? call.options.app;
  if (named !== undefined) return named;
  const [app, ...more] = await appsOfFolder(call, server);
  if (app === undefined) {
    throw usageError(
      `Which app? Name it with --app NAME, or run this in a folder whose git remote leads to ${server.url.origin}/git/NAME.git.`,
    );
  }
  if (more.length > 0)
    throw usageError(
      `Which app? The remotes of this folder lead to ${[app, ...more].join(', ')}. Name one with --app NAME.`,
    );
  return app;
}
