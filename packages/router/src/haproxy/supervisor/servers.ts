/** The members of one backend as HAProxy has them, and the commands that make them what they should be. */
import { SocketAddress } from 'node:net';
import type { Address } from '@teal/core';
import type { Member } from '@teal/deployer';
import type { Generation } from './generation.ts';
import { serverAddress } from './render.ts';

export interface SeenServer {
  name: string;
  address: Address;
  /** Gets new requests as far as its health allows. */
  inPool: boolean;
}

/** Bits of `srv_admin_state` that a person's or our own command sets. */
const FORCED_MAINTENANCE = 1;

/** Throws for an answer that no command of ours should get. */
export function expectAnswer(command: string, answer: string, expected: RegExp = /^$/): void {
  if (!expected.test(answer)) throw new Error(`HAProxy answered "${answer}" to "${command.split('\n')[0]}"`);
}

export async function seeServers(generation: Generation, backend: string): Promise<SeenServer[]> {
  const text = await generation.ask(`show servers state ${backend}`);
  const [version, , ...lines] = text.split('\n');
  if (version !== '1') throw new Error(`HAProxy answered "${text}" to "show servers state ${backend}"`);
  return lines.flatMap((line) => {
    const fields = line.split(' ');
    const [name, host, adminState, port] = [fields[3], fields[4], fields[6], fields[18]];
    if (name === undefined || host === undefined) return [];
    const inPool = (Number(adminState) & FORCED_MAINTENANCE) === 0;
    return [{ name, address: { host, port: Number(port) }, inPool }];
  });
}

export interface PoolWrite {
  backend: string;
  members: readonly Member[];
  /** See `serverSettings`. */
  settings: string;
}

/** New members first, so that the pool is never empty in between; then those left out get nothing new. Returns their names. */
export async function writeServers(
  generation: Generation,
  { backend, members, settings }: PoolWrite,
): Promise<string[]> {
  const seen = new Map((await seeServers(generation, backend)).map((server) => [server.name, server]));
  const run = async (command: string, expected?: RegExp) =>
    expectAnswer(command, await generation.ask(command), expected);
  const checked = members.length > 1;
  for (const member of members) {
    const name = `${backend}/${member.instanceId}`;
    const server = seen.get(member.instanceId);
    if (server === undefined)
      await run(`add server ${name} ${serverAddress(member)} ${settings}`, /^New server registered\.$/);
    else if (!sameAddress(server.address, member.address)) {
      const { host, port } = member.address;
      await run(`set server ${name} addr ${host} port ${port}`, /./);
    }
    await writeHealth(run, name, checked);
    if (server === undefined) await run(`enable server ${name}`);
    else if (!server.inPool) await run(`set server ${name} state ready`);
  }
  const kept = new Set(members.map((member) => member.instanceId));
  const left = [...seen.values()].filter((server) => !kept.has(server.name));
  for (const server of left) if (server.inPool) await run(`set server ${backend}/${server.name} state maint`);
  return left.map((server) => server.name);
}

type Run = (command: string, expected?: RegExp) => Promise<void>;

/** For servers that came with the configuration, which has them checked. */
export async function calmOnly(generation: Generation, backend: string, members: readonly Member[]): Promise<void> {
  const [only] = members;
  if (members.length !== 1 || only === undefined) return;
  const run = async (command: string) => void (await generation.ask(command));
  await writeHealth(run, `${backend}/${only.instanceId}`, false);
}

/** A check could only take a pool's one member from it; where there are others, a dead one gets nothing. */
async function writeHealth(run: Run, name: string, checked: boolean): Promise<void> {
  if (checked) await run(`enable health ${name}`);
  else {
    await run(`disable health ${name}`);
    await run(`set server ${name} health up`);
  }
}

function sameAddress(a: Address, b: Address): boolean {
  if (a.port !== b.port) return false;
  return a.host === b.host || (a.host.includes(':') && plain(a) === plain(b));
}

function plain({ host, port }: Address): string {
  return new SocketAddress({ address: host, port, family: host.includes(':') ? 'ipv6' : 'ipv4' }).address;
}
