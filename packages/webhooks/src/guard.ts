/** Which addresses a webhook may connect to: public ones, and what the operator allows. Asked about resolved addresses only. */
import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Allowed {
  /** Host names that are not asked about, whatever they resolve to. */
  hosts: ReadonlySet<string>;
  ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];
}

/** What is told of a refused address: never where a name leads to. */
export class InternalAddress extends Error {
  constructor() {
    super('the address is internal; the operator may allow it (TEAL_WEBHOOK_ALLOW)');
  }
}

/** Host names, addresses and subnets. */
export function readAllowed(list: readonly string[]): Allowed {
  const ranges: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  const hosts = new Set<string>();
  for (const entry of list) {
    if (ipaddr.isValidCIDR(entry)) ranges.push(ipaddr.parseCIDR(entry));
    else if (ipaddr.isValid(entry)) ranges.push(single(entry));
    else hosts.add(entry.toLowerCase());
  }
  return { hosts, ranges };
}

function single(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** Of an IPv6 address that carries an IPv4 one, that counts; anything that is not plainly public is internal. */
export function mayConnect(text: string, allowed: Allowed): boolean {
  const bare = text.replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return false;
  const address = ipaddr.process(bare);
  const isAllowed = allowed.ranges.some(
    ([range, bits]) => range.kind() === address.kind() && address.match(range as never, bits),
  );
  return isAllowed || (address.range() === 'unicast' && !isCompatible(address));
}

/** `::a.b.c.d`, long out of use, is no public address either. */
function isCompatible(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).match(ipaddr.IPv6.parse('::'), 96);
}

/**
 * For a connection to `host`: the addresses that come back are those that are connected to, so that a name which leads
 * elsewhere a moment later changes nothing.
 */
export function guardedLookup(allowed: Allowed, resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0);
      const usable = allowed.hosts.has(hostname.toLowerCase())
        ? found
        : found.filter(({ address }) => mayConnect(address, allowed));
      const first = usable[0];
      if (first === undefined) return callback(new InternalAddress(), '', 0);
      if (options.all === true) return callback(null, usable as LookupAddress[]);
      callback(null, first.address, first.family);
    });
  };
}

/** Addresses are connected to without a lookup: throws {@link InternalAddress} where `hostname` is a refused one. */
export function refuseInternal(hostname: string, allowed: Allowed): void {
  const bare = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(bare) && !mayConnect(bare, allowed)) throw new InternalAddress();
}
