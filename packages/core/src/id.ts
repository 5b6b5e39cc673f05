/** Ids: a prefix that names the kind of thing and a UUID v4. Makes none itself: randomness comes in from outside. */

export const ID_KINDS = [
  'app',
  'orga',
  'user',
  'deployment',
  'release',
  'image',
  'instance',
  'push',
  'token',
  'session',
  'mail',
  'certificate',
  'invitation',
  'key',
  'webhook',
  'delivery',
  'platform',
] as const;
export type IdKind = (typeof ID_KINDS)[number];

const UUID_V4 = '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';

/** `formatId('app', uuid)` → `app_<uuid>`. `uuid` is a UUID v4 in lower case. */
export function formatId(kind: IdKind, uuid: string): string {
  return `${kind}_${uuid}`;
}

/** True when `text` is an id of `kind`, nothing before or after it. */
export function isId(kind: IdKind, text: string): boolean {
  return new RegExp(`^${kind}_${UUID_V4}$`).test(text);
}

/** The first eight hex digits of an id, for names that people read. */
export function shortId(id: string): string {
  return id.slice(id.indexOf('_') + 1).slice(0, 8);
}

/** A commit as people write it: its first seven digits. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}
