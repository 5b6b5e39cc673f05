/** The routers under attack, each in a process of its own, and what its test asks of that process. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Address } from '@teal/core';
import type { Router } from '@teal/deployer';
import { createEmbeddedRouter, createHaproxyRouter } from '@teal/router';

export const ROUTERS = ['embedded', 'haproxy'] as const;
export type RouterKind = (typeof ROUTERS)[number];

/** Short enough to be seen at work. */
export const HEADERS_TIMEOUT_MS = 5_000;
export const PROOF_SECRET = 'proof-of-this-start';

/** Serving; `folder` is for what it keeps. */
export async function openRouter(kind: RouterKind, folder: string): Promise<Router> {
  const limits = { headersTimeoutMs: HEADERS_TIMEOUT_MS, keepAliveMs: HEADERS_TIMEOUT_MS };
  const options = { host: '127.0.0.1', port: 0, proofSecret: PROOF_SECRET, limits };
  if (kind === 'embedded') {
    const router = createEmbeddedRouter(options);
    await router.listen();
    return router;
  }
  const places = { binary: '/usr/sbin/haproxy', stateDir: folder, socketDir: join(folder, 's') };
  const router = createHaproxyRouter({ ...options, ...places, threads: 2, minSlots: 8 });
  router.close = () => router.shutdown();
  await router.listen().catch(async (error) => {
    await router.shutdown();
    throw error;
  });
  return router;
}

type Answer = { id: number; value?: unknown; error?: { message: string; code: string | null } };

export class RouterProcess {
  readonly address: Address;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #calls = 0;

  private constructor(child: ChildProcess, folder: string, address: Address) {
    this.#child = child;
    this.#folder = folder;
    this.address = address;
    child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  static async start(kind: RouterKind, folder: string): Promise<RouterProcess> {
    const main = fileURLToPath(new URL('./router-main.ts', import.meta.url));
    const child = fork(main, [kind, folder], { execArgv: [] });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the router did not start')));
    const [ready] = (await Promise.race([once(child, 'message'), ended])) as [Answer];
    ended.catch(() => {});
    return new RouterProcess(child, folder, ready.value as Address);
  }

  /** Calls a method of the port. Rejects with the message; `code` is that of a TealError. */
  async call<M extends keyof Router>(
    method: M,
    ...args: Parameters<Router[M]>
  ): Promise<Awaited<ReturnType<Router[M]>>> {
    this.#calls += 1;
    const id = this.#calls;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, method, args });
    });
    if (answer.error !== undefined) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
    return answer.value as Awaited<ReturnType<Router[M]>>;
  }

  /** The processes that serve, in order of their numbers: ours, the supervisor, HAProxy. */
  async processes(): Promise<number[]> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return [];
    const found = [this.#child.pid ?? 0];
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
      if (line.includes(this.#folder) && Number(name) !== found[0]) found.push(Number(name));
    }
    return found.sort((a, b) => a - b);
  }

  /** Resident memory of all of them. */
  async memoryMib(): Promise<number> {
    let kib = 0;
    for (const pid of await this.processes()) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      kib += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    }
    return kib / 1024;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }
}
