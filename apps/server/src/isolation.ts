/** Puts limits around what Docker runs for apps: what it may send to, and what a build may use. Says what can't be had. */
import { totalmem } from 'node:os';
import { limitBuilds, startFirewall } from '@teal/host';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

const MIB = 1024 * 1024;
const LEAST_BUILD_BYTES = 1024 * MIB;
const BUILD_PROCESSES = 2_048;
/** A quarter of an instance's weight. */
const BUILD_CPU_SHARES = 256;
/** Docker's own bridge, which builds send through. */
const BUILD_BRIDGE = 'docker0';

export interface IsolationOptions {
  config: Pick<Config, 'firewall' | 'buildMemoryMib' | 'subnets' | 'databaseUrl' | 'redisUrl'>;
  platformId: string;
  /** Of Teal itself; null: one that it does not have. */
  ports: readonly (number | null)[];
  log: Logger;
}

export async function openIsolation({ config, platformId, ports, log }: IsolationOptions) {
  const rules = { sources: [...config.subnets, BUILD_BRIDGE], ports: portsOf(config, ports) };
  const say = (line: string) => log.warn({ part: 'isolation' }, line);
  const firewall =
    config.firewall === 'off' ? null : await startFirewall({ platformId, rules, environment: process.env, say });
  const { trouble } = firewall ?? { trouble: 'TEAL_FIREWALL is off' };
  if (trouble !== null) log.info({ part: 'isolation' }, `what apps and builds send is not filtered: ${trouble}`);

  const memoryBytes = config.buildMemoryMib === null ? undefined : config.buildMemoryMib * MIB;
  const builds = await limitBuilds({
    memoryBytes: memoryBytes ?? Math.max(LEAST_BUILD_BYTES, Math.floor(totalmem() / 2)),
    processes: BUILD_PROCESSES,
    cpuShares: BUILD_CPU_SHARES,
  });
  if (builds.trouble !== null) log.info({ part: 'isolation' }, `builds are not limited: ${builds.trouble}`);
  return {
    async close() {
      builds.close();
      await firewall?.close();
    },
  };
}

function portsOf({ databaseUrl, redisUrl }: IsolationOptions['config'], own: IsolationOptions['ports']): number[] {
  const servers = [portIn(databaseUrl, 5_432), portIn(redisUrl, 6_379)];
  return [...new Set([...own, ...servers].filter((port) => port !== null))];
}

function portIn(url: string | null, usual: number): number | null {
  if (url === null) return null;
  const { port } = new URL(url);
  return port === '' ? usual : Number(port);
}
