/** Every command with its arguments, options and the module that runs it, loaded only when it is called. */
import type { Command } from './call.ts';

export interface Entry {
  /** Words and arguments, in commander's notation: `<must>`, `[may]`, `<many...>`. */
  usage: string;
  summary: string;
  /** Names out of `OPTIONS`; `json` goes without saying. */
  options?: readonly (keyof typeof OPTIONS)[];
  load: () => Promise<Command>;
}

export const OPTIONS = {
  json: ['--json', 'machine-readable output'],
  app: ['-a, --app <name>', 'the app; else the one of this folder’s git remote'],
  yes: ['--yes', 'do not ask'],
  follow: ['-f, --follow', 'go on as new lines come'],
  access: ['--access', 'the requests that were answered instead'],
  lines: ['-n, --lines <number>', 'how many'],
  deployment: ['--deployment <id>', 'the deployment meant; the beginning of its id is enough'],
  wait: ['--wait', 'follow it until it has ended'],
  noWait: ['--no-wait', 'do not follow it'],
  exit: ['--exit', 'stop all it started, then exit: 0 only if every scene held'],
  engine: ['--engine <kind>', 'auto, docker or process'],
  primary: ['--primary', 'the name the app is probed by, and shown first'],
  cert: ['--cert <file>', 'the certificate and its issuers, PEM'],
  key: ['--key <file>', 'its key, PEM without a passphrase'],
  page: ['--page <file>', 'an HTML page of your own, up to 64 KiB'],
  noPage: ['--no-page', 'the router’s own page again'],
  name: ['--name <name>', 'what to call it'],
  write: ['--write', 'may push, not only fetch'],
  org: ['--org <name>', 'the organisation, by name or id'],
  role: ['--role <role>', 'admin, manager, developer (default) or viewer'],
  scope: ['--scope <scope>', 'full (default), deploy or read'],
  expires: ['--expires <days>', 'days it is good for; without, until it is revoked'],
  onlyApp: ['--app <name>', 'good for this app only'],
  form: ['--form <form>', 'json (default), or slack for an incoming webhook of Slack and its like'],
  events: ['--events <names>', 'queued, live, failed, cancelled: some of them, with commas; else all'],
  everybody: ['--everybody', 'for all members who have not chosen themselves'],
  email: ['--email <address>', 'sign in by e-mail and password instead'],
  noInstall: ['--no-install', 'never install system packages'],
} as const;

export const CATALOGUE: readonly Entry[] = [
  {
    usage: 'demo',
    summary: 'the whole story in five scenes, on a platform of its own',
    options: ['exit', 'engine', 'noInstall'],
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    usage: 'login [url]',
    summary: 'keep a token, read from TEAL_TOKEN or stdin',
    options: ['email'],
    load: async () => (await import('./commands/login.ts')).login,
  },
  {
    usage: 'apps create <name>',
    summary: 'create an app',
    options: ['org'],
    load: async () => (await import('./commands/apps.ts')).createApp,
  },
  { usage: 'apps list', summary: 'list apps', load: async () => (await import('./commands/apps.ts')).listApps },
  {
    usage: 'apps show <name>',
    summary: 'show an app',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    usage: 'apps delete <name>',
    summary: 'delete an app with all that belongs to it',
    options: ['yes'],
    load: async () => (await import('./commands/apps.ts')).deleteApp,
  },
  {
    usage: 'env list',
    summary: 'list the app’s variables',
    options: ['app'],
    load: async () => (await import('./commands/env.ts')).listVariables,
  },
  {
    usage: 'env set <pairs...>',
    summary: 'set variables, NAME=VALUE each; "teal redeploy" applies them',
    options: ['app'],
    load: async () => (await import('./commands/env.ts')).setVariables,
  },
  {
    usage: 'env unset <names...>',
    summary: 'remove variables',
    options: ['app'],
    load: async () => (await import('./commands/env.ts')).unsetVariables,
  },
  {
    usage: 'settings [pairs...]',
    summary: 'show settings, or change them with NAME=VALUE',
    options: ['app'],
    load: async () => (await import('./commands/settings.ts')).settings,
  },
  {
    usage: 'domains list',
    summary: 'list the app’s domains, the primary one first',
    options: ['app'],
    load: async () => (await import('./commands/domains.ts')).listDomains,
  },
  {
    usage: 'domains add <name>',
    summary: 'give the app a domain; with --primary make it the primary one',
    options: ['app', 'primary'],
    load: async () => (await import('./commands/domains.ts')).addDomain,
  },
  {
    usage: 'domains remove <name>',
    summary: 'take a domain from the app',
    options: ['app'],
    load: async () => (await import('./commands/domains.ts')).removeDomain,
  },
  {
    usage: 'certificates list',
    summary: 'list what HTTPS is served with',
    load: async () => (await import('./commands/certificates.ts')).listCertificates,
  },
  {
    usage: 'certificates add',
    summary: 'serve HTTPS of the names in it with a certificate',
    options: ['cert', 'key'],
    load: async () => (await import('./commands/certificates.ts')).addCertificate,
  },
  {
    usage: 'certificates remove <certificate>',
    summary: 'remove a certificate, by id, name or fingerprint',
    load: async () => (await import('./commands/certificates.ts')).removeCertificate,
  },
  {
    usage: 'maintenance on [app]',
    summary: 'show visitors a maintenance page; deployments go on behind it',
    options: ['app', 'page', 'noPage'],
    load: async () => (await import('./commands/maintenance.ts')).maintenanceOn,
  },
  {
    usage: 'maintenance off [app]',
    summary: 'let the app answer again',
    options: ['app'],
    load: async () => (await import('./commands/maintenance.ts')).maintenanceOff,
  },
  {
    usage: 'status [app]',
    summary: 'what is live, what came before, what is running',
    options: ['app'],
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    usage: 'deployments [app]',
    summary: 'the newest deployments',
    options: ['app', 'lines'],
    load: async () => (await import('./commands/deployments.ts')).deployments,
  },
  {
    usage: 'logs [app]',
    summary: 'what the instances print, the requests answered, or the log of one deployment',
    options: ['app', 'access', 'follow', 'lines', 'deployment'],
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  {
    usage: 'wait [commit]',
    summary: 'wait for the deployment of a commit; fails when it fails',
    options: ['app'],
    load: async () => (await import('./commands/wait.ts')).wait,
  },
  {
    usage: 'redeploy [commit]',
    summary: 'deploy a commit again, with the variables of now',
    options: ['app', 'wait'],
    load: async () => (await import('./commands/redeploy.ts')).redeploy,
  },
  {
    usage: 'start-last-pushed-commit [app]',
    summary: 'give the traffic back to the previous version',
    options: ['app', 'deployment', 'noWait'],
    load: async () => (await import('./commands/start-last-pushed-commit.ts')).startLastPushedCommit,
  },
  {
    usage: 'cancel [deployment]',
    summary: 'cancel the running deployment',
    options: ['app'],
    load: async () => (await import('./commands/cancel.ts')).cancel,
  },
  {
    usage: 'stop [app]',
    summary: 'stop an app',
    options: ['app'],
    load: async () => (await import('./commands/stop.ts')).stop,
  },
  {
    usage: 'start [app]',
    summary: 'start a stopped app',
    options: ['app', 'noWait'],
    load: async () => (await import('./commands/start.ts')).start,
  },
  {
    usage: 'open [app]',
    summary: 'print the app’s address; open it where there is a display',
    options: ['app'],
    load: async () => (await import('./commands/open.ts')).open,
  },
  {
    usage: 'mailbox [number]',
    summary: 'mails the platform has kept; a number shows one',
    load: async () => (await import('./commands/mailbox.ts')).mailbox,
  },
  {
    usage: 'tokens create <name>',
    summary: 'create an API token, or one of an organisation',
    options: ['scope', 'onlyApp', 'expires', 'org'],
    load: async () => (await import('./commands/tokens.ts')).createToken,
  },
  {
    usage: 'tokens list',
    summary: 'list tokens',
    options: ['org'],
    load: async () => (await import('./commands/tokens.ts')).listTokens,
  },
  {
    usage: 'tokens revoke <token>',
    summary: 'revoke a token, by id, prefix or name',
    options: ['org'],
    load: async () => (await import('./commands/tokens.ts')).revokeToken,
  },
  {
    usage: 'keys add [file]',
    summary: 'add a public key for git over SSH; yours, or with --app one of that app',
    options: ['app', 'name', 'write'],
    load: async () => (await import('./commands/keys.ts')).addKey,
  },
  {
    usage: 'keys list',
    summary: 'list your keys, or with --app those of that app',
    options: ['app'],
    load: async () => (await import('./commands/keys.ts')).listKeys,
  },
  {
    usage: 'keys remove <key>',
    summary: 'remove a key, by name, fingerprint or id; what runs by it ends',
    options: ['app'],
    load: async () => (await import('./commands/keys.ts')).removeKey,
  },
  {
    usage: 'webhooks list',
    summary: 'list the organisation’s webhooks, or with --app those of that app',
    options: ['app', 'org'],
    load: async () => (await import('./commands/webhooks.ts')).listWebhooks,
  },
  {
    usage: 'webhooks add <url>',
    summary: 'have this address told of deployments; prints the secret that signs it, once',
    options: ['app', 'org', 'form', 'events', 'name'],
    load: async () => (await import('./commands/webhooks.ts')).addWebhook,
  },
  {
    usage: 'webhooks remove <webhook>',
    summary: 'remove a webhook, by name or id',
    options: ['app', 'org'],
    load: async () => (await import('./commands/webhooks.ts')).removeWebhook,
  },
  {
    usage: 'webhooks test <webhook>',
    summary: 'send one now; exits 1 when it is not taken',
    options: ['app', 'org'],
    load: async () => (await import('./commands/webhooks.ts')).testWebhook,
  },
  {
    usage: 'webhooks deliveries <webhook>',
    summary: 'what it was sent last, and how that went',
    options: ['app', 'org'],
    load: async () => (await import('./commands/webhooks.ts')).listDeliveries,
  },
  {
    usage: 'notifications [choices...]',
    summary: 'show or choose mails about deployments: failures=on, successes=off, …',
    options: ['org', 'everybody'],
    load: async () => (await import('./commands/notifications.ts')).notifications,
  },
  {
    usage: 'contexts list',
    summary: 'list the servers that are kept',
    load: async () => (await import('./commands/contexts.ts')).listContexts,
  },
  {
    usage: 'contexts use <url>',
    summary: 'send commands to another kept server',
    load: async () => (await import('./commands/contexts.ts')).useContext,
  },
  {
    usage: 'orgs list',
    summary: 'list your organisations, with your role',
    load: async () => (await import('./commands/orgs.ts')).listOrganisations,
  },
  {
    usage: 'orgs create <name>',
    summary: 'make an organisation',
    load: async () => (await import('./commands/orgs.ts')).createOrganisation,
  },
  {
    usage: 'orgs join [link]',
    summary: 'accept an invitation',
    load: async () => (await import('./commands/orgs.ts')).joinOrganisation,
  },
  {
    usage: 'orgs leave <organisation>',
    summary: 'leave an organisation',
    load: async () => (await import('./commands/orgs.ts')).leaveOrganisation,
  },
  {
    usage: 'members list',
    summary: 'list members and open invitations',
    options: ['org'],
    load: async () => (await import('./commands/orgs.ts')).listMembers,
  },
  {
    usage: 'members invite <email>',
    summary: 'invite somebody by mail',
    options: ['org', 'role'],
    load: async () => (await import('./commands/orgs.ts')).inviteMember,
  },
  {
    usage: 'members role <member> <role>',
    summary: 'change a member’s role',
    options: ['org'],
    load: async () => (await import('./commands/orgs.ts')).changeMember,
  },
  {
    usage: 'members remove <member>',
    summary: 'remove a member, by e-mail or id',
    options: ['org'],
    load: async () => (await import('./commands/orgs.ts')).removeMember,
  },
  {
    usage: 'activity',
    summary: 'who did what, in the organisation or to one app',
    options: ['app', 'org', 'lines'],
    load: async () => (await import('./commands/activity.ts')).activity,
  },
  {
    usage: 'credential get',
    summary: 'for git: the token, as a credential helper',
    load: async () => (await import('./commands/credential.ts')).getCredential,
  },
  {
    usage: 'credential store',
    summary: 'for git: does nothing',
    load: async () => (await import('./commands/credential.ts')).ignoreCredential,
  },
  {
    usage: 'credential erase',
    summary: 'for git: does nothing',
    load: async () => (await import('./commands/credential.ts')).ignoreCredential,
  },
];
