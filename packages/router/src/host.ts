/** Reads a Host header into the one name an app is looked up by. Knows no apps. */

const NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const IPV6 = /^\[[0-9a-f:.]{2,45}\]$/;
const PORT = /^[0-9]{0,5}$/;
const MAX_LENGTH = 262;

/** `A.Test.:80` → `a.test`; null when it is not one valid host with an optional port. */
export function normaliseHost(value: string): string | null {
  if (value.length > MAX_LENGTH) return null;
  const lower = value.toLowerCase();
  const colon = lower.lastIndexOf(':');
  const hasPort = colon > lower.lastIndexOf(']');
  if (hasPort && !PORT.test(lower.slice(colon + 1))) return null;
  const host = hasPort ? lower.slice(0, colon) : lower;
  if (host.startsWith('[')) return IPV6.test(host) ? host : null;
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  return NAME.test(name) ? name : null;
}
