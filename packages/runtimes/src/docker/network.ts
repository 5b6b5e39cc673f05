/** The network of each app: made when first needed, with a subnet of its own. Starts no container. */
import { readFile } from 'node:fs/promises';
import { TealError } from '@teal/core';
import type { Reservations } from '@teal/deployer';
import { type DockerClient, orNull, QUICK_MS, SLOW_MS, sentenceOf, statusOf } from './client.ts';
import { LABEL, type Naming } from './naming.ts';
import { divide, formatSubnet, overlap, parseSubnet, routedSubnets, type Subnet } from './subnet.ts';

/** 30 addresses: the host's, and enough for both colours. */
const PREFIX = 27;
const TRIES = 5;

export interface Networks {
  /** The app's network by name; made when it is not there. Throws `start_failed` when no subnet is free. */
  ensure(appId: string): Promise<string>;
  /** To be called when the daemon says that the network is gone. */
  forget(appId: string): void;
  remove(appId: string): Promise<void>;
  /** App ids that have a network. */
  listApps(): Promise<string[]>;
}

export function createNetworks(
  client: DockerClient,
  naming: Naming,
  options: { reservations: Reservations; pools: readonly string[] },
): Networks {
  const { docker } = client;
  const { reservations } = options;
  const ensured = new Map<string, Promise<string>>();
  const candidates = options.pools.flatMap((pool) => {
    const subnet = parseSubnet(pool);
    return subnet === null ? [] : divide(subnet, PREFIX);
  });

  async function usedSubnets(): Promise<Subnet[]> {
    const networks = await client.call(QUICK_MS, (abortSignal) => docker.listNetworks({ abortSignal }));
    const theirs = networks.flatMap((network) => network.IPAM?.Config ?? []).map((config) => config.Subnet ?? '');
    const routes = await readFile('/proc/net/route', 'utf8').catch(() => '');
    return [...theirs.flatMap((text) => parseSubnet(text) ?? []), ...routedSubnets(routes)];
  }

  /** `refused`: subnets that the daemon would not take. */
  async function reserve(appId: string, refused: ReadonlySet<string>): Promise<string> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const used = await usedSubnets();
      const isFree = (subnet: Subnet) =>
        !refused.has(formatSubnet(subnet)) && !used.some((other) => overlap(subnet, other));
      const reserved = await reservations.reserve('subnet', appId, candidates.filter(isFree).map(formatSubnet));
      if (reserved === null) break;
      const subnet = parseSubnet(reserved);
      if (subnet !== null && isFree(subnet)) return reserved;
      // held from earlier, and somebody else has taken it on this host since
      await reservations.release('subnet', appId);
    }
    throw new TealError('start_failed', {
      detail: `no free network is left in ${options.pools.join(', ')} (TEAL_SUBNETS)`,
    });
  }

  async function create(appId: string): Promise<void> {
    const refused = new Set<string>();
    for (;;) {
      const subnet = await reserve(appId, refused);
      try {
        await client.call(SLOW_MS, (abortSignal) =>
          docker.createNetwork({
            Name: naming.network(appId),
            Driver: 'bridge',
            CheckDuplicate: true,
            IPAM: { Config: [{ Subnet: subnet }] },
            Labels: naming.labels(appId),
            abortSignal,
          }),
        );
        return;
      } catch (error) {
        if (statusOf(error) === 409) return;
        if (statusOf(error) === null) throw error;
        refused.add(subnet);
        await reservations.release('subnet', appId);
        if (refused.size >= TRIES) throw new TealError('start_failed', { detail: sentenceOf(error) }, { cause: error });
      }
    }
  }

  async function ensure(appId: string): Promise<string> {
    const name = naming.network(appId);
    const found = await orNull(client.call(QUICK_MS, () => docker.getNetwork(name).inspect()));
    if (found === null) await create(appId);
    return name;
  }

  return {
    ensure(appId) {
      const known = ensured.get(appId);
      if (known !== undefined) return known;
      const work = ensure(appId);
      ensured.set(appId, work);
      work.catch(() => ensured.delete(appId));
      return work;
    },
    forget: (appId) => void ensured.delete(appId),
    async remove(appId) {
      ensured.delete(appId);
      const network = docker.getNetwork(naming.network(appId));
      await orNull(client.call(SLOW_MS, (abortSignal) => network.remove({ abortSignal })));
      await reservations.release('subnet', appId);
    },
    async listApps() {
      const networks = await client.call(QUICK_MS, (abortSignal) =>
        docker.listNetworks({ filters: naming.ownFilter(), abortSignal }),
      );
      return networks.flatMap((network) => network.Labels?.[LABEL.app] ?? []);
    },
  };
}
