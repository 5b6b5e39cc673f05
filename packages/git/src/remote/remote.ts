/** The git remote over HTTP and SSH: authenticates, routes and watches every request before git sees it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { isTealError, TealError } from '@teal/core';
import { gitEnvironment, readerEnvironment } from '../environment.ts';
import { isRepository } from '../source/refs.ts';
import { repositoryPath } from '../source/repository.ts';
import { openHostKey } from '../ssh/hostkey.ts';
import { serveFetch as serveSshFetch, servePush as serveSshPush } from '../ssh/serve.ts';
import { SSH_LIMITS, type SshLimits, type SshRun, SshServer } from '../ssh/server.ts';
import { Answer } from './answer.ts';
import { type Exchange, watchClient } from './exchange.ts';
import { serveFetch } from './fetch.ts';
import type { GitPrincipal, GitRemoteHandlers } from './handlers.ts';
import { nodeProgram, PERL_PROGRAM, writeHooks } from './hookfiles.ts';
import { HookSocket } from './hooksocket.ts';
import { advertise } from './library.ts';
import { serveReceive } from './receive.ts';
import { refuseRequest } from './refusal.ts';
import { type GitRoute, parseBasic, parseRoute } from './route.ts';
import { Sweeper } from './sweep.ts';

export interface GitRemoteOptions {
  /** Holds one bare repository per app, `<appId>.git`. Absolute. */
  repositoriesDir: string;
  /** Takes the hooks (`hooks/`) and their socket (`hooks.sock`). Absolute, short enough for a socket. */
  stateDir: string;
  /** Size of a push's pack above which it is refused. Default 1 GiB. */
  maxPushBytes?: number;
  /** The node that runs the hooks where Perl cannot. Default: this process's own. */
  nodePath?: string;
  /** Which program runs the hooks. Default `auto`: Perl where it works, node otherwise. */
  hookProgram?: 'auto' | 'perl' | 'node';
  handlers: GitRemoteHandlers;
}

export interface GitRemote {
  /** Serves one request whose path begins with `/git/`. Resolves when it is over; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Writes the hooks and opens their socket. Call before the first request. */
  listen(): Promise<void>;
  /** Opens the SSH door. Throws what `net` throws. */
  listenSsh(options: SshOptions): Promise<SshDoor>;
  /** Ends the SSH connections that came in by this key. */
  dropKey(fingerprint: string): void;
  /** Takes no new request, stops uploads, lets go of clients that watch a deployment, waits for all of it. */
  close(): Promise<void>;
}

export interface SshOptions {
  host: string;
  port: number;
  /** Kept there, made when it is missing. */
  hostKeyFile: string;
  limits?: Partial<SshLimits>;
}

export interface SshDoor {
  port: number;
  /** Of the host key, for people to compare. */
  fingerprint: string;
}

export const DEFAULT_MAX_PUSH_BYTES = 1024 * 1024 * 1024;

/** The folder of the hooks, as `applyGitEnvironment` wants it. */
export function hooksFolder(stateDir: string): string {
  return join(stateDir, 'hooks');
}

export function createGitRemote(options: GitRemoteOptions): GitRemote {
  const { handlers, repositoriesDir, stateDir } = options;
  const maxPushBytes = options.maxPushBytes ?? DEFAULT_MAX_PUSH_BYTES;
  const hooks = new HookSocket(join(stateDir, 'hooks.sock'));
  const sweeper = new Sweeper();
  const running = new Set<Promise<void>>();
  const requests = new Set<IncomingMessage>();
  const stopping = new AbortController();
  let ssh: SshServer | null = null;

  async function serve(request: IncomingMessage, response: ServerResponse, gone: AbortSignal): Promise<void> {
    const credentials = parseBasic(request.headers.authorization);
    const principal = credentials === null ? null : await handlers.authenticate(credentials);
    if (principal === null) throw new TealError('unauthenticated');
    if (stopping.signal.aborted) throw new TealError('push_not_ready');
    const route = parseRoute(request.method ?? '', request.url ?? '');
    if (route === 'wrong-method') throw new TealError('method_not_allowed', { method: request.method ?? '' });
    if (route === null) throw notFound();
    await dispatch(route, { request, response, gone, ...(await find(principal, route)) });
  }

  async function find(principal: GitPrincipal, { app, service }: Pick<GitRoute, 'app' | 'service'>) {
    const access = await handlers.authorize(principal, app, service);
    const repository = access === null ? '' : repositoryPath(repositoriesDir, access.appId);
    if (access === null || !(await isRepository(repository))) throw notFound();
    return { access, repository };
  }

  async function runSsh({ command, protocol, principal, channel, client }: SshRun): Promise<number> {
    const gone = AbortSignal.any([client.signal, stopping.signal]);
    const environment = {
      ...readerEnvironment(),
      ...gitEnvironment({ hooksDir: hooksFolder(stateDir), maxPushBytes }),
    };
    const exchange = { channel, gone, environment, ...(await find(principal, command)) };
    if (command.service === 'upload-pack') return serveSshFetch(exchange, protocol);
    return serveSshPush(exchange, { handlers, hooks, sweeper, maxPushBytes });
  }

  async function dispatch(route: GitRoute, exchange: Exchange): Promise<void> {
    const { request, response, repository } = exchange;
    if (route.kind === 'advertise') {
      return advertise({ repository, service: route.service, answer: new Answer(response) });
    }
    if (request.headers['content-type'] !== `application/x-git-${route.service}-request`) {
      throw new TealError('push_malformed', { detail: 'its content type is not that of git' });
    }
    if (route.service === 'upload-pack') return serveFetch(exchange);
    return serveReceive(exchange, { handlers, hooks, sweeper, maxPushBytes });
  }

  async function guarded(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const client = new AbortController();
    const gone = AbortSignal.any([client.signal, stopping.signal]);
    watchClient(response, client);
    requests.add(request);
    request.on('error', () => {});
    response.on('error', () => {});
    try {
      await serve(request, response, gone);
    } catch (error) {
      if (client.signal.aborted) return;
      await refuseRequest(request, response, isTealError(error) ? error : internal(error));
    } finally {
      requests.delete(request);
    }
  }

  function internal(error: unknown): TealError {
    const reference = crypto.randomUUID();
    handlers.failed?.(error, reference);
    return new TealError('internal', { reference }, { cause: error });
  }

  return {
    handle(request, response) {
      const run = guarded(request, response).finally(() => running.delete(run));
      running.add(run);
      return run;
    },
    async listen() {
      await hooks.listen();
      const node = nodeProgram(options.nodePath ?? process.execPath);
      const wanted = options.hookProgram ?? 'auto';
      const perl = wanted === 'perl' || (wanted === 'auto' && (await hooks.works(PERL_PROGRAM)));
      await writeHooks(hooksFolder(stateDir), hooks.path, perl ? PERL_PROGRAM : node);
      const sweep = sweeper.sweepAll(repositoriesDir, stopping.signal).finally(() => running.delete(sweep));
      running.add(sweep);
    },
    async listenSsh({ host, port, hostKeyFile, limits }) {
      const hostKey = await openHostKey(hostKeyFile);
      ssh = new SshServer({
        hostKey,
        limits: { ...SSH_LIMITS, ...limits },
        authenticate: async (...key) => (await handlers.authenticateKey?.(...key)) ?? null,
        run: runSsh,
        sentence: (error) => internal(error).message,
      });
      return { port: await ssh.listen(host, port), fingerprint: hostKey.fingerprint };
    },
    dropKey: (fingerprint) => ssh?.drop(fingerprint),
    async close() {
      stopping.abort();
      await ssh?.close();
      for (const request of requests) if (!request.complete) request.destroy();
      await Promise.all(running);
      await hooks.close();
    },
  };
}

function notFound(): TealError {
  return new TealError('not_found', { what: 'repository' });
}
