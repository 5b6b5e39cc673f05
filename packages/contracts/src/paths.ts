/** The API's addresses, so that clients and server cannot drift apart. All below `/api/v1`. */

export const API_ROOT = '/api/v1';

const app = (nameOrId: string) => `${API_ROOT}/apps/${encodeURIComponent(nameOrId)}`;
const deployment = (nameOrId: string, id: string) => `${app(nameOrId)}/deployments/${encodeURIComponent(id)}`;

export const paths = {
  me: () => `${API_ROOT}/me`,
  session: () => `${API_ROOT}/session`,
  events: () => `${API_ROOT}/events`,
  tokens: () => `${API_ROOT}/tokens`,
  token: (id: string) => `${API_ROOT}/tokens/${encodeURIComponent(id)}`,
  mailbox: () => `${API_ROOT}/mailbox`,
  openapi: () => `${API_ROOT}/openapi.json`,
  certificates: () => `${API_ROOT}/certificates`,
  certificate: (id: string) => `${API_ROOT}/certificates/${encodeURIComponent(id)}`,
  apps: () => `${API_ROOT}/apps`,
  app,
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
  accessLog: (nameOrId: string) => `${app(nameOrId)}/access-log`,
  accessLogEvents: (nameOrId: string) => `${app(nameOrId)}/access-log/events`,
} as const;
