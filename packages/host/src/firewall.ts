/**
 * Keeps what apps and builds send from a cloud's metadata and from the platform's own ports, by two chains of iptables of the
 * platform's own. What comes in for apps, and the rest of what they send, goes on as before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { commandEnvironment, findExecutable, type HostEnvironment, runCommand } from './run.ts';

export interface FirewallRules {
  /** Where apps and builds send from: subnets, and names of interfaces. */
  sources: readonly string[];
  /** TCP ports of this host that are none of their business. */
  ports: readonly number[];
}

export interface Firewall {
  /** Null when the rules are in force, else why not, one sentence for people. */
  readonly trouble: string | null;
  close(): Promise<void>;
}

export interface FirewallOptions {
  /** `platform_<uuid>`. */
  platformId: string;
  rules: FirewallRules;
  environment: HostEnvironment;
  /** Told when the rules had to be set again, and when that fails. */
  say: (line: string) => void;
  repairMs?: number;
}

/** Of clouds: metadata, and whatever else is on the link. */
const LINK_LOCAL = '169.254.0.0/16';
const REPAIR_MS = 30_000;
const COMMAND_MS = 10_000;
/** For the lock that all users of iptables share. */
const WAIT = ['-w', '5'];

interface Chains {
  forward: string;
  input: string;
}

/** Names of at most 28 characters. */
function chainsOf(platformId: string): Chains {
  const id = platformId.slice(platformId.indexOf('_') + 1).slice(0, 8);
  return { forward: `TEAL-${id}-OUT`, input: `TEAL-${id}-IN` };
}

/** Each rule as arguments, its chain first. Pure. */
export function rulesOf({ sources, ports }: FirewallRules, { forward, input }: Chains): string[][] {
  const reject = ['-j', 'REJECT'];
  // iptables takes 15 ports at most in one rule.
  const groups = Array.from({ length: Math.ceil(ports.length / 15) }, (_, at) => ports.slice(15 * at, 15 * at + 15));
  const from = (source: string) => (source.includes('/') ? ['-s', source] : ['-i', source]);
  return sources.flatMap((source) => [
    [forward, ...from(source), '-d', LINK_LOCAL, ...reject],
    [input, ...from(source), '-d', LINK_LOCAL, ...reject],
    // Only what begins: answers to the router's own questions come from anywhere to any port.
    ...groups.map((group) => [
      ...[input, ...from(source), '-p', 'tcp', '-m', 'multiport', '--dports', group.join(',')],
      ...['-m', 'conntrack', '--ctstate', 'NEW', ...reject],
    ]),
  ]);
}

/** Resolves when the rules are in force, or can't be had. From then on they are looked at again and again. */
export async function startFirewall(options: FirewallOptions): Promise<Firewall> {
  const iptables = iptablesOf(options.environment);
  if (typeof iptables === 'string') return { trouble: iptables, close: async () => {} };
  const chains = chainsOf(options.platformId);
  let trouble = await apply(iptables, chains, options.rules);
  const closing = new AbortController();
  const loop = repair();
  return {
    get trouble() {
      return trouble;
    },
    async close() {
      closing.abort();
      await loop;
    },
  };

  async function repair(): Promise<void> {
    const pauseMs = options.repairMs ?? REPAIR_MS;
    while (await sleep(pauseMs, true, { signal: closing.signal }).catch(() => false)) {
      if (trouble === null && (await isInForce(iptables as Iptables, chains, options.rules))) continue;
      const before = trouble;
      trouble = await apply(iptables as Iptables, chains, options.rules);
      if (trouble === null) options.say('the filter of what apps and builds send was gone, and is in force again');
      else if (before === null) options.say(`what apps and builds send is not filtered any more: ${trouble}`);
    }
  }
}

/** The rules stay when Teal ends, as the instances do; this is for when those have ended too. */
export async function removeFirewall(options: Pick<FirewallOptions, 'platformId' | 'environment'>): Promise<void> {
  const iptables = iptablesOf(options.environment);
  if (typeof iptables === 'string') return;
  const { forward, input } = chainsOf(options.platformId);
  for (const [hook, chain] of [
    ['DOCKER-USER', forward],
    ['INPUT', input],
  ] as const) {
    await iptables('-D', hook, '-j', chain);
    await iptables('-F', chain);
    await iptables('-X', chain);
  }
}

type Iptables = (...args: string[]) => Promise<{ exitCode: number | null; output: string }>;

function iptablesOf(source: HostEnvironment): Iptables | string {
  if (process.getuid?.() !== 0) return 'only root can do that';
  const file = findExecutable('iptables', source);
  if (file === null) return 'there is no iptables on this system';
  const environment = commandEnvironment(source);
  return (...args) => runCommand(file, [...WAIT, ...args], { environment, timeoutMs: COMMAND_MS });
}

async function isInForce(iptables: Iptables, chains: Chains, rules: FirewallRules): Promise<boolean> {
  const checks = [['DOCKER-USER', '-j', chains.forward], ['INPUT', '-j', chains.input], ...rulesOf(rules, chains)];
  for (const rule of checks) if ((await iptables('-C', ...rule)).exitCode !== 0) return false;
  return true;
}

async function apply(iptables: Iptables, chains: Chains, rules: FirewallRules): Promise<string | null> {
  for (const [hook, chain] of [
    ['DOCKER-USER', chains.forward],
    ['INPUT', chains.input],
  ] as const) {
    // Fails where it is there already.
    await iptables('-N', chain);
    const steps = [
      ['-F', chain],
      ...rulesOf(rules, chains).flatMap((rule) => (rule[0] === chain ? [['-A', ...rule]] : [])),
    ];
    // Ahead of whatever lets things through.
    if ((await iptables('-C', hook, '-j', chain)).exitCode !== 0) steps.push(['-I', hook, '1', '-j', chain]);
    for (const step of steps) {
      const { exitCode, output } = await iptables(...step);
      if (exitCode !== 0) return `iptables ${step.join(' ')}: ${output.trim().split('\n')[0] ?? ''}`;
    }
  }
  return null;
}
