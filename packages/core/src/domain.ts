/** Which host names an app may have, how they are written down, and in which order they count. Asks no name server. */
import type { App, Domain } from './model.ts';

const MAX_LENGTH = 253;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** What must not reach the URL parser, which would read it as something else than a part of a host name. */
const NO_HOST_CHARACTER = /[\s/\\@?#%&=:[\]<>^|"'`{}~,;!$()+_\p{Cc}]/u;

export type DomainReading = { kind: 'domain'; name: string } | { kind: 'refused'; why: string };

const refused = (why: string): DomainReading => ({ kind: 'refused', why });

/**
 * What a person wrote as the name that is kept and routed by: lower case, without port and final dot, letters beyond ASCII
 * as punycode. `why` completes "… cannot be a domain: ".
 */
export function readDomain(text: string): DomainReading {
  const host = text.trim().replace(/:\d{1,5}$/, '');
  if (host === '' || host === '.') return refused('it is empty');
  if (host.includes('*')) return refused('wildcards are not supported; add each name');
  if (NO_HOST_CHARACTER.test(host) || host.length > 2 * MAX_LENGTH)
    return refused('give a host name alone, without protocol, path or other signs');
  const name = toAscii(host);
  if (name === null) return refused('it is not a valid host name');
  const labels = name.split('.');
  if (labels.every((label) => /^\d*$/.test(label))) return refused('it is an IP address; give a name');
  if (labels.length < 2) return refused('it has one part only; give a full name like shop.example.org');
  if (name.length > MAX_LENGTH) return refused(`it is longer than ${MAX_LENGTH} characters`);
  if (labels.some((label) => !LABEL.test(label)))
    return refused('its parts have 1 to 63 letters, digits and hyphens, none at their ends');
  return { kind: 'domain', name };
}

/** By the rules that browsers follow (UTS 46); null for what they would not take as a host. */
function toAscii(host: string): string | null {
  const url = URL.parse(`http://${host}/`);
  return url === null || url.pathname !== '/' ? null : url.hostname.replace(/\.$/, '');
}

/** Whether a name is the platform's: its domain and all below it (each app has its own name there), and `reserved`. */
export function isPlatformHost(name: string, { domain, reserved }: { domain: string; reserved: readonly string[] }) {
  return name === domain || name.endsWith(`.${domain}`) || reserved.includes(name);
}

/** The host that an app always has. */
export function defaultHost(app: Pick<App, 'name'>, domain: string): string {
  return `${app.name}.${domain}`;
}

/**
 * Every host of an app, the primary one first: the one chosen, else the default. Own domains that a new domain of the
 * platform has come to cover are left out: below it, each name is that of the app called so.
 */
export function hostsOf(app: Pick<App, 'name' | 'domains'>, domain: string): string[] {
  const own = app.domains.filter(({ name }) => !isPlatformHost(name, { domain, reserved: [] }));
  const names = (of: readonly Domain[]) => of.map(({ name }) => name);
  const chosen = names(own.filter(({ primary }) => primary));
  const others = names(own.filter(({ primary }) => !primary));
  return [...chosen, defaultHost(app, domain), ...others];
}
