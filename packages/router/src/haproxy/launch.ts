/** Starts a supervisor as a process that outlives this one. Talks to none. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TealError } from '@teal/core';
import { errorOf } from './link.ts';
import type { Reply, SupervisorOptions } from './protocol.ts';

/** What a supervisor says of its start. */
export interface Said {
  error?: Extract<Reply, { error: unknown }>['error'];
}

/** For its sockets and its first word; HAProxy comes later. */
const START_MS = 10_000;
const MAIN = fileURLToPath(new URL('./supervisor/main.ts', import.meta.url));

/**
 * Resolves when its control socket answers; throws what it died of, `port_taken` among others. `launcher` is the socket of
 * a `launcher.ts` that starts it in our place; null: we do.
 */
export async function launchSupervisor(options: SupervisorOptions, launcher: string | null): Promise<void> {
  const { stateDir, socketDir, runAs } = options;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await mkdir(socketDir, { recursive: true, mode: 0o710 });
  // HAProxy, as its own user, reaches the pages through it.
  if (runAs !== null) await chown(socketDir, 0, runAs.gid);
  const optionsFile = join(stateDir, `options-${randomBytes(4).toString('hex')}.json`);
  await writeFile(optionsFile, JSON.stringify(options), { mode: 0o600 });
  const { error } = await (launcher === null ? startSupervisor(optionsFile) : askLauncher(launcher, optionsFile));
  if (error !== undefined) throw errorOf(error);
}

/** What the supervisor of these options says of its start. */
export async function startSupervisor(optionsFile: string): Promise<Said> {
  const logFile = join(dirname(optionsFile), 'supervisor.log');
  const log = await open(logFile, 'w', 0o600);
  try {
    const child = spawn(process.execPath, [MAIN, optionsFile], {
      detached: true,
      cwd: '/',
      env: {},
      stdio: ['ignore', log.fd, log.fd, 'pipe'],
    });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    failed.catch(() => {});
    const late = delay(START_MS, null, { ref: false });
    const text = await Promise.race([firstLine(child.stdio[3] as NodeJS.ReadableStream), failed, late]);
    child.unref();
    if (text === null) {
      child.kill('SIGKILL');
      throw silent('the supervisor of HAProxy');
    }
    if (text !== '') return JSON.parse(text) as Said;
    const last = (await readFile(logFile, 'utf8')).trim().slice(-2_000);
    throw new Error(`the supervisor of HAProxy did not start: ${last}`);
  } finally {
    await log.close();
  }
}

async function askLauncher(path: string, optionsFile: string): Promise<Said> {
  const socket = connect(path);
  socket.write(`${JSON.stringify({ optionsFile })}\n`);
  // It starts a supervisor, which has its own time for that.
  const late = delay(2 * START_MS, null, { ref: false });
  const text = await Promise.race([firstLine(socket), late]);
  socket.destroy();
  if (text === null) throw silent('the launcher of HAProxy');
  if (text === '') throw new Error('the launcher of HAProxy does not answer');
  return JSON.parse(text) as Said;
}

function silent(who: string): TealError {
  return new TealError('router_unavailable', { detail: `${who} said nothing at its start` });
}

/** Empty when the stream ends before. */
async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) {
    text += chunk;
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
  }
  return '';
}
