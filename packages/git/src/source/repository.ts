/** Where an app's repository lies, and what may stand in a name that leads there. Reads nothing. */
import { join } from 'node:path';
import { TealError } from '@teal/core';

const APP_ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/;
// The line separators are legal in git, but node-git-server does not see a ref that has one.
const FORBIDDEN_IN_REF = /[\u0000-\u0020\u007f\u2028\u2029~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(\/|$)|[./]$/;

/** `<repositoriesDir>/<appId>.git`; throws `app_not_found` for anything that is no id. */
export function repositoryPath(repositoriesDir: string, appId: string): string {
  if (!APP_ID.test(appId)) throw new TealError('app_not_found', { name: appId.slice(0, 60) });
  return join(repositoriesDir, `${appId}.git`);
}

/** The app id of a folder of `repositoriesDir`, or null when it is no repository of ours. */
export function appIdOfFolder(name: string): string | null {
  const id = name.endsWith('.git') ? name.slice(0, -4) : '';
  return APP_ID.test(id) ? id : null;
}

/** True for a branch or tag that git itself would accept: `refs/heads/…` or `refs/tags/…`, at most 1,000 characters. */
export function isBranchOrTag(ref: string): boolean {
  const match = /^refs\/(heads|tags)\/(.+)$/s.exec(ref);
  const name = match?.[2];
  if (name === undefined || ref.length > 1_000) return false;
  return !name.startsWith('.') && !name.startsWith('/') && !FORBIDDEN_IN_REF.test(name);
}

/** True for a full object id (SHA-1 or SHA-256) in lower case. */
export function isObjectId(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}
