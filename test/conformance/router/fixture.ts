/** One router with real origin servers behind it, and the requests the cases send. */
import { Agent, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import { request as openSecureRequest } from 'node:https';
import type { Address, Colour, RouteFlags } from '@teal/core';
import type { Router } from '@teal/deployer';
import { afterEach } from 'vitest';
import { Origin, type OriginOptions } from '../../load/origin.ts';

export interface RouterUnderTest {
  /** Serving already. */
  router: Router;
  proofSecret: string;
}

export interface MakeOptions {
  /** Serves HTTPS too. */
  secure?: boolean;
  /** Requests at a time; the router's default otherwise. */
  maxRequestsPerMember?: number;
  /** The longest wait for a member; the router's default otherwise. */
  queueTimeoutMs?: number;
}

export type MakeRouter = (options?: MakeOptions) => Promise<RouterUnderTest>;

export const APP = 'app_one';
export const HOST = 'one.test';

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  trailers: IncomingMessage['trailers'];
  body: string;
}

export interface AskOptions {
  method?: string;
  path?: string;
  host?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  agent?: Agent | false;
  /** Over HTTPS, whatever the certificate. */
  secure?: boolean;
}

/** The house of one test: `await using house = await open(make)`. */
export class House {
  readonly router: Router;
  readonly proofSecret: string;
  readonly #closers: (() => unknown)[] = [];

  constructor({ router, proofSecret }: RouterUnderTest) {
    this.router = router;
    this.proofSecret = proofSecret;
  }

  get address(): Address {
    return this.router.publicAddress();
  }

  get secureAddress(): Address {
    const address = this.router.secureAddress();
    if (address === null) throw new Error('this router has no HTTPS');
    return address;
  }

  onClose(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  async origin(version: string, options: OriginOptions = {}): Promise<Origin> {
    const origin = await new Origin(version, options).listen();
    this.onClose(() => origin.close());
    return origin;
  }

  agent(options: { maxSockets?: number } = {}): Agent {
    const agent = new Agent({ keepAlive: true, ...options });
    this.onClose(() => agent.destroy());
    return agent;
  }

  /** Fills a pool with origins; instance ids are `instance_<version>`. */
  async pool(colour: Colour, ...origins: Origin[]): Promise<void> {
    const version = origins.map((origin) => origin.version).join('+');
    await this.router.setPool({
      appId: APP,
      colour,
      releaseId: `release_${version}`,
      deploymentId: `deployment_${version}`,
      members: origins.map((origin) => ({ instanceId: `instance_${origin.version}`, address: origin.address })),
    });
  }

  async flip(colour: Colour, flags: RouteFlags = {}): Promise<void> {
    await this.router.setRoute(APP, { mode: 'up', live: colour, ...flags });
  }

  /** One origin, live in blue at {@link HOST}. */
  async live(version: string, options: OriginOptions = {}): Promise<Origin> {
    const origin = await this.origin(version, options);
    await this.pool('blue', origin);
    await this.router.setHosts(APP, [HOST]);
    await this.flip('blue');
    return origin;
  }

  /** A whole answer; rejects when it breaks off. */
  ask({
    method = 'GET',
    path = '/',
    host = HOST,
    headers = {},
    body,
    agent = false,
    secure = false,
  }: AskOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = { method, path, agent, headers: { host, ...headers } };
      const outgoing = secure
        ? openSecureRequest({ ...options, ...this.secureAddress, servername: host, rejectUnauthorized: false })
        : openRequest({ ...options, ...this.address });
      outgoing.on('error', reject);
      outgoing.once('response', (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('close', () => {
          if (!incoming.complete) return reject(new Error('the answer broke off'));
          const { statusCode = 0, headers, rawHeaders, trailers } = incoming;
          resolve({
            status: statusCode,
            headers,
            rawHeaders,
            trailers,
            body: Buffer.concat(chunks).toString('latin1'),
          });
        });
      });
      outgoing.end(body);
    });
  }

  async inFlight(version: string): Promise<{ requests: number; webSockets: number }> {
    return this.router.inFlight([`instance_${version}`]);
  }

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) await closer();
    await this.router.close();
  }
}

/** Gives each test of the calling `describe` a house, and takes it down after the test. */
export function houses(make: MakeRouter): (options?: MakeOptions) => Promise<House> {
  const open: House[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((house) => house.close()));
  });
  return async (options) => {
    const house = new House(await make(options));
    open.push(house);
    return house;
  };
}

/** An origin whose answers to `/hold` are begun and ended by the test. */
export function holder(): { held: ServerResponse[]; options: OriginOptions } {
  const held: ServerResponse[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url !== '/hold') return false;
    request.resume();
    held.push(response);
    return true;
  };
  return { held, options: { handle } };
}

/** Waits until `met`, for at most ten seconds. */
export async function until(what: string, met: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await met())) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Rejects when `promise` takes longer than `ms`. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
