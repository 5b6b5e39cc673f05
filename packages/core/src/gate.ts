/** The gate: decides from probe answers whether an instance may take traffic. Sends nothing itself. */

/** What one probe brought: a status, or why there was none. */
export type ProbeAnswer =
  | { kind: 'status'; status: number }
  | { kind: 'none'; why: 'refused' | 'timeout' | 'reset' | 'unreachable' | 'malformed'; detail: string };

export interface GateRules {
  /** Paths to ask; `/` when the app configured none. */
  paths: readonly string[];
  /** Without configured paths 200–399 passes; with them each must answer 2xx. */
  configured: boolean;
}

/** Passes in a row that an instance needs. */
export const PASSES_NEEDED = 2;

export const PROBE_INTERVAL_FIRST_MS = 1;
export const PROBE_INTERVAL_MAX_MS = 500;
/** A pause is this share of the time waited so far: that much later than it could the answer is seen, at most. */
const PROBE_INTERVAL_SHARE = 1 / 20;

export function gateRules(healthPaths: readonly string[]): GateRules {
  return healthPaths.length === 0 ? { paths: ['/'], configured: false } : { paths: healthPaths, configured: true };
}

/** Whether one answer counts as a pass under `rules`. A redirect passes by default, and is never followed. */
export function passes(rules: GateRules, answer: ProbeAnswer): boolean {
  if (answer.kind !== 'status') return false;
  return answer.status >= 200 && answer.status < (rules.configured ? 300 : 400);
}

/** The pause before the next probe: 1 ms after a pass, else a twentieth of the time waited so far, from 1 up to 500 ms. */
export function nextProbeIntervalMs(waitedMs: number, passed: boolean): number {
  if (passed) return PROBE_INTERVAL_FIRST_MS;
  return Math.min(PROBE_INTERVAL_MAX_MS, Math.max(PROBE_INTERVAL_FIRST_MS, waitedMs * PROBE_INTERVAL_SHARE));
}

/** One answer in words, as the log and a refusal show it. */
export function describeAnswer(path: string, answer: ProbeAnswer): string {
  if (answer.kind === 'status') return `GET ${path} answered ${answer.status}`;
  switch (answer.why) {
    case 'refused':
      return `GET ${path}: nothing accepts connections on the port yet`;
    case 'timeout':
      return `GET ${path}: no answer in time`;
    case 'reset':
      return `GET ${path}: the connection was closed before an answer`;
    case 'unreachable':
      return `GET ${path}: the instance cannot be reached`;
    case 'malformed':
      return `GET ${path}: the answer is not HTTP (${answer.detail})`;
  }
}

/** A socket on which an instance listens; host as the kernel shows it. */
export interface Listener {
  host: string;
  port: number;
}

export interface GateEvidence {
  rules: GateRules;
  last: ProbeAnswer | null;
  expectedPort: number;
  /** Null when the engine cannot tell. */
  listeners: readonly Listener[] | null;
  exited: boolean;
}

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** Likely causes of a refusal, most likely first, each a sentence that says what to do. */
export function likelyCauses(evidence: GateEvidence): string[] {
  const causes: string[] = [];
  const { last, listeners, expectedPort, rules } = evidence;
  if (evidence.exited) causes.push('The process ended by itself: its last lines above say why.');
  if (listeners !== null && !evidence.exited) {
    const own = listeners.filter((listener) => listener.port === expectedPort);
    const others = [...new Set(listeners.filter((l) => l.port !== expectedPort).map((l) => l.port))];
    if (own.length > 0 && own.every((listener) => LOOPBACK.test(listener.host))) {
      causes.push(`It listens on 127.0.0.1 only: listen on 0.0.0.0 port ${expectedPort} (the PORT variable).`);
    } else if (own.length === 0 && others.length > 0) {
      causes.push(
        `It listens on another port (${others.join(', ')}): listen on the port in the PORT variable, ${expectedPort}.`,
      );
    } else if (own.length === 0) {
      causes.push(`It listens on no port: listen on 0.0.0.0 port ${expectedPort} (the PORT variable).`);
    }
  }
  if (last?.kind === 'status' && !rules.configured && last.status >= 400 && last.status < 500) {
    causes.push('The path / is answered with an error by design? Set CC_HEALTH_CHECK_PATH to a path that answers 2xx.');
  }
  if (last?.kind === 'status' && rules.configured && last.status >= 300 && last.status < 400) {
    causes.push('A configured health path must answer 2xx itself: a redirect is not followed.');
  }
  if (last?.kind === 'status' && last.status >= 500)
    causes.push('The app answers with a server error: its log says why.');
  return causes;
}
