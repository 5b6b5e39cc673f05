/** The HAProxy router: the port, as a thin client of the supervisor that outlives us. Holds no rule of its own. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import type { AccessEntry, Address, Route, TrafficMinute } from '@teal/core';
import {
  type Certificate,
  type ObservedApp,
  type Pool,
  PROOF_ANSWER_HEADER,
  PROOF_REQUEST_HEADER,
  type Router,
} from '@teal/deployer';
import type { ReadOptions } from '../accessLog.ts';
import type { RouterLog } from '../embedded/router.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import { checkMaintenanceHtml } from '../pages.ts';
import { findAccount, type HaproxyAccount } from './account.ts';
import { checkCertificate, checkHost, checkId, checkKey, checkPool, checkRoute } from './check.ts';
import { endSupervisor } from './endSupervisor.ts';
import { ANSWER_MS } from './link.ts';
import { PROTOCOL } from './protocol.ts';
import { Session } from './session.ts';
import { sourceDigest } from './sourceDigest.ts';

export interface HaproxyRouterOptions {
  /** Address to listen on. */
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** Of HTTPS; 0 takes any free one. Null (the default): none. */
  securePort?: number | null;
  /** The per-start secret of proof requests; never empty. */
  proofSecret: string;
  /** Path of HAProxy. */
  binary: string;
  /** Folder for configuration, certificates and access log: one per platform, kept over its starts. */
  stateDir: string;
  /** Folder for sockets; at most 80 bytes long, and HAProxy's user must be able to reach it. */
  socketDir: string;
  /** User that HAProxy runs as; by default, as root, `haproxy` or `nobody`. */
  runAs?: HaproxyAccount | null;
  threads?: number;
  /** Pool pairs kept ready beyond those in use: a platform that outgrows them gets a new HAProxy process. */
  minSlots?: number;
  limits?: Partial<Limits>;
  /** Socket of a `launcher.ts` that starts the supervisor, where one of ours would end with our container; null: we start it. */
  launcher?: string | null;
  /** How long a supervisor may be silent before another takes its place; 10 s by default. */
  patienceMs?: number;
  /** For the supervisor's answer to a call. Default {@link ANSWER_MS}. */
  answerMs?: number;
  log?: RouterLog;
}

export interface HaproxyRouter extends Router {
  /** Serves; fill in the routes first. Does nothing where it served all along. Throws `port_taken`. */
  listen(): Promise<void>;
  /** Ends HAProxy and its supervisor and removes their files, the access log aside. */
  shutdown(): Promise<void>;
}

const LOST = 'requests are in no figures: HAProxy could not hand over their lines in time';

/** A router that does not serve yet, unless it has since before this process began. */
export function createHaproxyRouter(options: HaproxyRouterOptions): HaproxyRouter {
  return new SupervisedRouter(options);
}

class SupervisedRouter implements HaproxyRouter {
  readonly #session: Session;
  readonly #stateDir: string;
  readonly #log: RouterLog | undefined;

  constructor(options: HaproxyRouterOptions) {
    const { host, port, securePort = null, binary, stateDir, socketDir, proofSecret, log } = options;
    const settings = {
      host,
      port,
      securePort,
      binary,
      stateDir,
      socketDir,
      runAs: options.runAs === undefined ? findAccount() : options.runAs,
      threads: options.threads ?? Math.min(4, availableParallelism()),
      minSlots: options.minSlots ?? 64,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      proofHeaders: { request: PROOF_REQUEST_HEADER, answer: PROOF_ANSWER_HEADER },
    };
    // Ports are compared by themselves: 0 is any.
    const same = JSON.stringify({ ...settings, port: null, securePort: null });
    const digest = createHash('sha256').update(same).update(sourceDigest()).digest('hex');
    const proofDigest = createHash('sha256').update(proofSecret).digest('hex').toUpperCase();
    this.#stateDir = stateDir;
    this.#log = log;
    this.#session = new Session({
      options: { ...settings, protocol: PROTOCOL, settings: digest },
      proofDigest,
      launcher: options.launcher ?? null,
      patienceMs: options.patienceMs ?? 10_000,
      answerMs: options.answerMs ?? ANSWER_MS,
      log,
    });
  }

  listen(): Promise<void> {
    return this.#session.listen();
  }

  async setPool(given: Pool): Promise<void> {
    const pool = checkPool(given);
    const noted = () => {
      this.#session.table.app(pool.appId).pools[pool.colour] = pool;
    };
    await this.#session.call('setPool', () => ({ pool }), { noted });
  }

  async setRoute(appId: string, given: Route): Promise<void> {
    const route = checkRoute(given);
    const noted = () => {
      this.#session.table.app(checkId(appId)).route = route;
    };
    await this.#session.call('setRoute', () => ({ appId, route }), { noted });
  }

  async setHosts(appId: string, hosts: readonly string[]): Promise<void> {
    checkId(appId);
    for (const host of hosts) checkHost(host);
    const noted = () => void this.#session.table.setHosts(appId, hosts);
    await this.#session.call('setHosts', () => ({ appId, hosts }), { noted });
  }

  async setMaintenancePage(appId: string, html: string | null): Promise<void> {
    checkMaintenanceHtml(html);
    const noted = () => {
      this.#session.table.app(checkId(appId)).maintenanceHtml = html;
    };
    await this.#session.call('setMaintenancePage', () => ({ appId, html }), { noted });
  }

  async removeApp(appId: string): Promise<void> {
    const noted = () => void this.#session.table.remove(checkId(appId));
    await this.#session.call('removeApp', () => ({ appId }), { noted });
  }

  async setCertificates(given: readonly Certificate[]): Promise<void> {
    const certificates = given.map(checkCertificate);
    for (const certificate of certificates) checkKey(certificate);
    const noted = () => {
      this.#session.table.certificates = certificates;
    };
    await this.#session.call('setCertificates', () => ({ certificates }), { noted });
  }

  observe(appId: string): Promise<ObservedApp | null> {
    return this.#session.call('observe', () => ({ appId }));
  }

  listApps(): Promise<string[]> {
    return this.#session.call('listApps', () => ({}));
  }

  inFlight(instanceIds: readonly string[]): Promise<{ requests: number; webSockets: number }> {
    return this.#session.call('inFlight', () => ({ instanceIds }));
  }

  async drained(
    instanceIds: readonly string[],
    { deadlineMs, webSocketDeadlineMs, signal }: Parameters<Router['drained']>[1],
  ): Promise<boolean> {
    if (signal.aborted) return false;
    const beganAt = performance.now();
    const left = (ms: number) => Math.max(0, ms - (performance.now() - beganAt));
    const args = () => ({
      instanceIds,
      deadlineMs: left(deadlineMs),
      webSocketDeadlineMs: left(webSocketDeadlineMs),
    });
    const timeoutMs = Math.max(deadlineMs, webSocketDeadlineMs) + ANSWER_MS;
    return this.#session.call('drained', args, { signal, timeoutMs });
  }

  watchTraffic(listener: (minutes: readonly TrafficMinute[]) => void, signal: AbortSignal): void {
    let known = 0;
    const tellLosses = async () => {
      const lost = await this.#session.call('losses', () => ({}));
      if (lost > known) this.#log?.warn({ requests: lost - known }, LOST);
      known = lost;
    };
    const part = (minutes: unknown[]) => {
      listener((minutes as TrafficMinute[]).map((minute) => ({ ...minute, minute: new Date(minute.minute) })));
      // It is asked again with the next figures, and the supervisor's own log has it too.
      void tellLosses().catch(() => {});
    };
    // Ends with the signal, or with the router itself.
    void this.#session.call('watchTraffic', () => ({}), { signal, part, timeoutMs: null }).catch(() => {});
  }

  async *accessLog(appId: string, options: ReadOptions): AsyncGenerator<AccessEntry> {
    const { tailLines, follow, signal } = options;
    const unread: AccessEntry[] = [];
    let wake = () => {};
    let over = false;
    const part = (entries: unknown[]) => {
      unread.push(...(entries as AccessEntry[]).map((entry) => ({ ...entry, at: new Date(entry.at) })));
      wake();
    };
    const stop = new AbortController();
    const signals = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    const reading = this.#session
      .call('accessLog', () => ({ appId, tailLines, follow }), { signal: signals, part, timeoutMs: null })
      .finally(() => {
        over = true;
        wake();
      });
    reading.catch(() => {});
    try {
      for (;;) {
        for (let entry = unread.shift(); entry !== undefined; entry = unread.shift()) yield entry;
        if (over) break;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (unread.length > 0 || over) resolve();
        });
      }
      await reading;
    } finally {
      stop.abort();
    }
  }

  publicAddress(): Address {
    return reachable(this.#hello().address);
  }

  secureAddress(): Address | null {
    const { secureAddress } = this.#hello();
    return secureAddress === null ? null : reachable(secureAddress);
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  async shutdown(): Promise<void> {
    await this.#session.close();
    await endSupervisor(this.#stateDir);
  }

  #hello() {
    const { hello } = this.#session;
    if (hello === null) throw new Error('the router does not serve yet');
    return hello;
  }
}

function reachable({ host, port }: Address): Address {
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
}
