/** Checks the request target: a path, `*` for OPTIONS, or an absolute URI that names the same host. */
import { normaliseHost } from '../host.ts';

const ABSOLUTE = /^https?:\/\/([^/?#]+)(.*)$/i;
// RFC 9112 §3.2 knows no fragment in a request target, and raw controls, spaces or backslashes have no one reading.
const UNCLEAR = /[^\x21-\x7e\x80-\xff]|[#\\]/;

/** The path to send on, or null when the target is malformed or names another host than `host`. */
export function readTarget(method: string, target: string, host: string): string | null {
  if (UNCLEAR.test(target)) return null;
  if (target.startsWith('/')) return target;
  if (target === '*') return method === 'OPTIONS' ? target : null;
  const parts = ABSOLUTE.exec(target);
  if (parts === null || normaliseHost(parts[1] ?? '') !== host) return null;
  const rest = parts[2] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}
