/** Names what went wrong on a connection, in the gate's words. */
import type { ProbeAnswer } from '@teal/core';

type Why = Extract<ProbeAnswer, { kind: 'none' }>['why'];

const WHY: Readonly<Record<string, Why>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ETIMEDOUT: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EACCES: 'unreachable',
  EINVAL: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
};

/** `HPE_…` codes come from the HTTP parser: what answered does not speak HTTP. */
export function answerOf(error: NodeJS.ErrnoException): ProbeAnswer {
  const code = error.code ?? 'unknown';
  const why = code.startsWith('HPE_') ? 'malformed' : (WHY[code] ?? 'unreachable');
  return { kind: 'none', why, detail: code };
}
