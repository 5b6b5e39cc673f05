/** The listening sockets: bound here and handed to HAProxy, so that connections wait while it is away. Accepts nothing. */
import net from 'node:net';
import { type Address, TealError } from '@teal/core';

export interface HeldSocket {
  fd: number;
  address: Address;
  close(): void;
}

/** What Node's TCP handles can do; nothing public binds without also accepting. */
interface Handle {
  fd: number;
  getsockname(out: { address?: string; port?: number }): number;
  close(): void;
}

const REUSE_PORT = 2;

function bind({ host, port }: Address, flags: number): Handle | null {
  const create = (net as unknown as { _createServerHandle(...args: unknown[]): Handle | number })._createServerHandle;
  const handle = create(host, port, host.includes(':') ? 6 : 4, undefined, flags);
  if (typeof handle === 'number') return null;
  // An address in use is told only now.
  if (handle.getsockname({}) === 0) return handle;
  handle.close();
  return null;
}

/**
 * Binds without listening: HAProxy listens. `beside` says that a HAProxy of ours listens there already: then both do for
 * a while. Otherwise throws `port_taken` where anybody does.
 */
export function holdSocket(address: Address, { option, beside }: { option: string; beside: boolean }): HeldSocket {
  const { host, port } = address;
  const taken = () => new TealError('port_taken', { port, host, option });
  if (!beside) {
    const probe = bind(address, 0);
    if (probe === null) throw taken();
    probe.close();
  }
  // A successor binds to the same port while this process still holds it.
  const handle = bind(address, REUSE_PORT);
  if (handle === null) throw taken();
  const bound: { address?: string; port?: number } = {};
  handle.getsockname(bound);
  return { fd: handle.fd, address: { host, port: bound.port ?? port }, close: () => handle.close() };
}
