/** The variables of builds and instances: a clean set of our own, the recipe's, the app's; nothing of Teal's. */
import { delimiter, join } from 'node:path';
import type { Environment } from '@teal/core';
import { SYSTEM_PATH } from './options.ts';
import type { Tools } from './tools.ts';

export interface EnvironmentParts {
  tools: Tools;
  home: string;
  /** The app's folder in the image. */
  folder: string;
  plan: { environment: Environment; pathEntries: readonly string[] };
  /** The operator's, for instance the proxy's. */
  operator: Environment;
  /** The app's own variables. */
  own: Environment;
}

/** Each of these names the CA bundle to one kind of program. */
const CA_VARIABLES = [
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'PIP_CERT',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
];

export function composeEnvironment(parts: EnvironmentParts): Record<string, string> {
  const { tools, home, folder, plan } = parts;
  const certificates = tools.caFile === null ? [] : CA_VARIABLES.map((name) => [name, tools.caFile ?? ''] as const);
  return {
    PATH: [...plan.pathEntries.map((entry) => join(folder, entry)), tools.bin, SYSTEM_PATH].join(delimiter),
    HOME: home,
    LANG: 'C.UTF-8',
    ...Object.fromEntries(certificates),
    ...parts.operator,
    ...plan.environment,
    ...parts.own,
  };
}
