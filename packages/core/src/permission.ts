/** Who may do what: one table of permissions, read by the server, the console and the docs. Decides nothing about whose things. */

/** What a person may be in an organisation, the most powerful first. */
export const ROLES = ['admin', 'manager', 'developer', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** What a token may be good for, the most powerful first. */
export const TOKEN_SCOPES = ['full', 'deploy', 'read'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** What an organisation's own token counts as there: it never deals with people or tokens. */
export const ORGANISATION_TOKEN_ROLE: Role = 'manager';

interface Entry {
  /** What it is about: an app, an organisation, the whole platform, or the one who asks. */
  on: 'app' | 'organisation' | 'platform' | 'self';
  /** The least role that has it in the organisation; on the platform and oneself roles don't count. */
  role: Role | null;
  /** Tokens that have it; a session signed in by password has all. */
  scopes: readonly TokenScope[];
  /** Only somebody with a name: no organisation's token. */
  person?: true;
  what: string;
}

const ANY: readonly TokenScope[] = ['full', 'deploy', 'read'];
const DEPLOY: readonly TokenScope[] = ['full', 'deploy'];
const READ: readonly TokenScope[] = ['full', 'read'];
const FULL: readonly TokenScope[] = ['full'];

const table = {
  'app.read': { on: 'app', role: 'viewer', scopes: ANY, what: 'see apps, deployments, logs and figures; clone' },
  'app.deploy': {
    on: 'app',
    role: 'developer',
    scopes: DEPLOY,
    what: 'push, redeploy, start the last pushed commit, cancel, stop, start',
  },
  'app.secrets': { on: 'app', role: 'developer', scopes: FULL, what: 'see the variables' },
  'app.configure': {
    on: 'app',
    role: 'developer',
    scopes: FULL,
    what: 'change variables, settings, domains, maintenance',
  },
  'app.activity': { on: 'app', role: 'developer', scopes: READ, what: 'see who did what to the app' },
  'app.delete': { on: 'app', role: 'manager', scopes: FULL, what: 'delete apps' },
  'app.create': { on: 'organisation', role: 'developer', scopes: FULL, what: 'create apps' },
  'organisation.read': {
    on: 'organisation',
    role: 'viewer',
    scopes: ANY,
    what: 'see the organisation and its members',
  },
  'organisation.leave': { on: 'organisation', role: 'viewer', scopes: FULL, person: true, what: 'leave' },
  'organisation.activity': { on: 'organisation', role: 'manager', scopes: READ, what: 'see who did what' },
  'organisation.tokens': {
    on: 'organisation',
    role: 'manager',
    scopes: FULL,
    person: true,
    what: 'list, create and revoke the organisation’s tokens',
  },
  'organisation.members': {
    on: 'organisation',
    role: 'manager',
    scopes: FULL,
    person: true,
    what: 'invite people, change roles, remove members, up to one’s own role',
  },
  'organisation.mails': {
    on: 'organisation',
    role: 'viewer',
    scopes: FULL,
    person: true,
    what: 'choose which mails one gets',
  },
  'organisation.notifications': {
    on: 'organisation',
    role: 'manager',
    scopes: FULL,
    what: 'manage the organisation’s webhooks, and which mails its members get who did not choose',
  },
  'organisation.manage': {
    on: 'organisation',
    role: 'admin',
    scopes: FULL,
    person: true,
    what: 'rename and delete the organisation',
  },
  'self.read': { on: 'self', role: null, scopes: ANY, what: 'see who one is, and what one may do' },
  'self.manage': {
    on: 'self',
    role: null,
    scopes: FULL,
    person: true,
    what: 'change one’s password, second factor and tokens; make organisations',
  },
  'platform.read': { on: 'platform', role: null, scopes: READ, person: true, what: 'read the metrics' },
  'platform.manage': {
    on: 'platform',
    role: null,
    scopes: FULL,
    person: true,
    what: 'manage certificates; read the development mailbox',
  },
} as const satisfies Record<string, Entry>;

export type Permission = keyof typeof table;
export const PERMISSIONS: Readonly<Record<Permission, Entry>> = Object.freeze(table);

/** True when `role` is as powerful as `least`, or more. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(least);
}

/** What one is known to be when a permission is asked about. */
export interface Standing {
  /** In the organisation concerned; null where none is. */
  role: Role | null;
  platformAdmin: boolean;
  /** False for an organisation's token. */
  person: boolean;
  /** The token used; null for a session signed in by password. `oneApp`: it is good for one app only. */
  token: { scope: TokenScope; oneApp: boolean } | null;
}

export function isAllowed(permission: Permission, { role, platformAdmin, person, token }: Standing): boolean {
  const entry: Entry = PERMISSIONS[permission];
  if (entry.person === true && !person) return false;
  if (token !== null && !entry.scopes.includes(token.scope)) return false;
  if (token?.oneApp === true && entry.on !== 'app' && permission !== 'self.read') return false;
  if (entry.on === 'platform') return platformAdmin;
  if (entry.role === null) return true;
  return role !== null && isAtLeast(role, entry.role);
}

/** The least role and scopes of each permission, as a Markdown table: what the docs show. */
export function permissionTable(): string {
  const cells = (entry: Entry) => {
    const who = entry.on === 'platform' ? 'platform admin' : entry.on === 'self' ? 'anybody' : (entry.role ?? '');
    return `${who} | ${entry.scopes.join(', ')}${entry.person === true ? '; persons only' : ''} | ${entry.what}`;
  };
  const rows = Object.entries(PERMISSIONS).map(([name, entry]) => `| \`${name}\` | ${cells(entry)} |`);
  return ['| permission | from role | token scopes | |', '|---|---|---|---|', ...rows].join('\n');
}
