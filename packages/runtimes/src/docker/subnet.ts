/** Arithmetic on IPv4 subnets. Asks nobody. */

export interface Subnet {
  /** First address as a number, and the prefix length. */
  first: number;
  prefix: number;
}

/** `'10.80.0.0/16'` → subnet; null when it is none. */
export function parseSubnet(text: string): Subnet | null {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text.trim());
  if (match === null) return null;
  const numbers = match.slice(1).map(Number);
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = numbers;
  if ([a, b, c, d].some((byte) => byte > 255) || prefix > 32) return null;
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return { first: address - (address % 2 ** (32 - prefix)), prefix };
}

export function formatSubnet({ first, prefix }: Subnet): string {
  return `${[24, 16, 8, 0].map((shift) => (first >>> shift) & 255).join('.')}/${prefix}`;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.first < b.first + 2 ** (32 - b.prefix) && b.first < a.first + 2 ** (32 - a.prefix);
}

/** Every subnet of `prefix` within `pool`, in order. */
export function divide(pool: Subnet, prefix: number): Subnet[] {
  const size = 2 ** (32 - prefix);
  const count = Math.max(0, 2 ** (prefix - pool.prefix));
  return Array.from({ length: Math.floor(count) }, (_, index) => ({ first: pool.first + index * size, prefix }));
}

/** The subnets that the host routes by itself, from the text of /proc/net/route; the default route is none. */
export function routedSubnets(table: string): Subnet[] {
  const subnets: Subnet[] = [];
  for (const line of table.split('\n').slice(1)) {
    const fields = line.split('\t');
    const destination = littleEndian(fields[1]);
    const mask = littleEndian(fields[7]);
    if (destination === null || mask === null || mask === 0) continue;
    subnets.push({ first: destination, prefix: 32 - Math.log2(2 ** 32 - mask) });
  }
  return subnets;
}

function littleEndian(hex: string | undefined): number | null {
  if (hex === undefined || !/^[0-9A-Fa-f]{8}$/.test(hex)) return null;
  return Buffer.from(hex, 'hex').readUInt32LE();
}
