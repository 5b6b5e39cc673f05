/** Names of apps and environment variables, as people may choose them. */

const APP_NAME = /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** Variables the platform sets in every instance; an app cannot set them itself. */
export const RESERVED_VARIABLES: readonly string[] = Object.freeze([
  'PORT',
  'APP_ID',
  'CC_APP_NAME',
  'CC_COMMIT_ID',
  'CC_DEPLOYMENT_ID',
  'INSTANCE_ID',
  'INSTANCE_NUMBER',
  'INSTANCE_TYPE',
  'INSTANCE_COLOUR',
]);

/** Host names below the apps' domain that are the platform's own. */
export const RESERVED_APP_NAMES: readonly string[] = Object.freeze(['teal', 'console', 'api', 'git', 'www']);

export function isAppName(text: string): boolean {
  return APP_NAME.test(text) && !RESERVED_APP_NAMES.includes(text);
}

export function isVariableName(text: string): boolean {
  return VARIABLE_NAME.test(text);
}
