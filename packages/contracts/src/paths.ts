/** The API's addresses, so that clients and server cannot drift apart. All below `/api/v1`. */

export const API_ROOT = '/api/v1';

const app = (nameOrId: string) => `${API_ROOT}/apps/${encodeURIComponent(nameOrId)}`;
const organisation = (id: string) => `${API_ROOT}/organisations/${encodeURIComponent(id)}`;
const deployment = (nameOrId: string, id: string) => `${app(nameOrId)}/deployments/${encodeURIComponent(id)}`;

/** Of a webhook in a list: `list` is the address of the list. */
export const webhookPaths = {
  one: (list: string, id: string) => `${list}/${encodeURIComponent(id)}`,
  test: (list: string, id: string) => `${list}/${encodeURIComponent(id)}/test`,
  deliveries: (list: string, id: string) => `${list}/${encodeURIComponent(id)}/deliveries`,
};

export const paths = {
  me: () => `${API_ROOT}/me`,
  session: () => `${API_ROOT}/session`,
  signInWays: () => `${API_ROOT}/session/ways`,
  events: () => `${API_ROOT}/events`,
  tokens: () => `${API_ROOT}/tokens`,
  token: (id: string) => `${API_ROOT}/tokens/${encodeURIComponent(id)}`,
  password: () => `${API_ROOT}/account/password`,
  secondFactor: () => `${API_ROOT}/account/second-factor`,
  confirmSecondFactor: () => `${API_ROOT}/account/second-factor/confirm`,
  passwordResets: () => `${API_ROOT}/password-resets`,
  takePasswordReset: () => `${API_ROOT}/password-resets/use`,
  ownActivity: () => `${API_ROOT}/account/activity`,
  organisations: () => `${API_ROOT}/organisations`,
  organisation,
  members: (id: string) => `${organisation(id)}/members`,
  member: (id: string, userId: string) => `${organisation(id)}/members/${encodeURIComponent(userId)}`,
  membership: (id: string) => `${organisation(id)}/membership`,
  invitations: (id: string) => `${organisation(id)}/invitations`,
  invitation: (id: string, invitation: string) => `${organisation(id)}/invitations/${encodeURIComponent(invitation)}`,
  lookUpInvitation: () => `${API_ROOT}/invitations/look-up`,
  acceptInvitation: () => `${API_ROOT}/invitations/accept`,
  organisationTokens: (id: string) => `${organisation(id)}/tokens`,
  organisationToken: (id: string, token: string) => `${organisation(id)}/tokens/${encodeURIComponent(token)}`,
  organisationWebhooks: (id: string) => `${organisation(id)}/webhooks`,
  organisationNotifications: (id: string) => `${organisation(id)}/notifications`,
  ownNotifications: (id: string) => `${organisation(id)}/notifications/own`,
  organisationActivity: (id: string) => `${organisation(id)}/activity`,
  appActivity: (nameOrId: string) => `${app(nameOrId)}/activity`,
  keys: () => `${API_ROOT}/keys`,
  mailbox: () => `${API_ROOT}/mailbox`,
  openapi: () => `${API_ROOT}/openapi.json`,
  certificates: () => `${API_ROOT}/certificates`,
  certificate: (id: string) => `${API_ROOT}/certificates/${encodeURIComponent(id)}`,
  apps: () => `${API_ROOT}/apps`,
  app,
  appWebhooks: (nameOrId: string) => `${app(nameOrId)}/webhooks`,
  appKeys: (nameOrId: string) => `${app(nameOrId)}/keys`,
  environment: (nameOrId: string) => `${app(nameOrId)}/environment`,
  domains: (nameOrId: string) => `${app(nameOrId)}/domains`,
  domain: (nameOrId: string, name: string) => `${app(nameOrId)}/domains/${encodeURIComponent(name)}`,
  maintenance: (nameOrId: string) => `${app(nameOrId)}/maintenance`,
  deployments: (nameOrId: string) => `${app(nameOrId)}/deployments`,
  deployment,
  cancel: (nameOrId: string, id: string) => `${deployment(nameOrId, id)}/cancel`,
  log: (nameOrId: string, id: string) => `${deployment(nameOrId, id)}/log`,
  logEvents: (nameOrId: string, id: string) => `${deployment(nameOrId, id)}/log/events`,
  startLastPushedCommit: (nameOrId: string) => `${app(nameOrId)}/start-last-pushed-commit`,
  redeploy: (nameOrId: string) => `${app(nameOrId)}/redeploy`,
  stop: (nameOrId: string) => `${app(nameOrId)}/stop`,
  start: (nameOrId: string) => `${app(nameOrId)}/start`,
  instanceLogs: (nameOrId: string) => `${app(nameOrId)}/logs`,
  instanceLogEvents: (nameOrId: string) => `${app(nameOrId)}/logs/events`,
  traffic: (nameOrId: string) => `${app(nameOrId)}/traffic`,
  usage: (nameOrId: string) => `${app(nameOrId)}/usage`,
  accessLog: (nameOrId: string) => `${app(nameOrId)}/access-log`,
  accessLogEvents: (nameOrId: string) => `${app(nameOrId)}/access-log/events`,
} as const;
