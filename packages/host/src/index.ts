/** Prepares the machine Teal runs on: system packages, the Docker daemon, the users apps and PostgreSQL run as. */
export { ACCOUNTS, type Account, type AccountName, type Accounts } from './account.ts';
export { type BuildLimits, limitBuilds, type RunningBuildLimits } from './buildLimits.ts';
export { type DockerReport, pingDocker } from './docker.ts';
export { type Firewall, type FirewallRules, removeFirewall, startFirewall } from './firewall.ts';
export { type HostReport, type PrepareOptions, prepareHost } from './prepare.ts';
export { findExecutable } from './run.ts';
export { type Missing, WANTS, type Want } from './want.ts';
