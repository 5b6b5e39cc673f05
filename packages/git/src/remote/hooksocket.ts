/** The unix socket on which git's hooks reach the server: takes their calls, writes them lines. Decides nothing. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { cleanLine, TealError } from '@teal/core';
import { HOOKS, type HookName, type HookProgram } from './hookfiles.ts';

/** One running hook. */
export interface HookCall {
  hook: HookName;
  /** What git wrote to the hook: a line per ref. */
  input: string;
  /** Shows `text` to the push client at once; waits while the client is slow. */
  print(text: string): Promise<void>;
  /** Ends the hook; a pre-receive that ends with false refuses the push. */
  end(accepted: boolean): void;
}

/** Serves the hooks of one git process. */
export type HookListener = (call: HookCall) => Promise<void>;

const INPUT_MAX_BYTES = 16 * 1024 * 1024;
/** A socket's address has 108 bytes, the last of them NUL. */
const SOCKET_PATH_MAX_BYTES = 107;

export class HookSocket {
  readonly path: string;
  readonly #server: Server;
  readonly #listeners = new Map<number, HookListener>();
  readonly #sockets = new Map<Socket, number | null>();
  readonly #running = new Set<Promise<void>>();

  constructor(path: string) {
    this.path = path;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const call = this.#serve(socket).finally(() => this.#running.delete(call));
      this.#running.add(call);
    });
  }

  /** Throws `configuration_invalid` when the path is too long for a socket. */
  async listen(): Promise<void> {
    if (Buffer.byteLength(this.path) > SOCKET_PATH_MAX_BYTES) {
      const detail = `the data folder's path is too long: ${this.path} must not exceed ${SOCKET_PATH_MAX_BYTES} bytes`;
      throw new TealError('configuration_invalid', { detail });
    }
    await mkdir(dirname(this.path), { recursive: true });
    await rm(this.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(this.path, resolve);
    });
    await chmod(this.path, 0o600);
  }

  /** The hooks of the git process `pid` are `listener`'s until {@link leave}. */
  serve(pid: number, listener: HookListener): void {
    this.#listeners.set(pid, listener);
  }

  /** The git process has ended: no hook of it is listened to, and one that still runs ends. */
  leave(pid: number): void {
    this.#listeners.delete(pid);
    for (const [socket, owner] of this.#sockets) if (owner === pid) socket.destroy();
  }

  /** Whether `program` can talk to this socket on this machine. */
  async works(program: HookProgram): Promise<boolean> {
    const [file, script] = program.argv;
    const options = { env: {}, timeout: 5_000 };
    const test = promisify(execFile)(file, [script, 'test', this.path], options);
    test.child.stdin?.end();
    return test.then(
      ({ stdout }) => stdout === 'ready\n',
      () => false,
    );
  }

  /** Cuts every hook that still runs and waits for its listener. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets.keys()) socket.destroy();
    await Promise.all([closed, ...this.#running]);
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.set(socket, null);
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    const text = await readAll(socket);
    const line = text?.slice(0, text.indexOf('\n')) ?? '';
    const [hook = '', pid = ''] = line.split(' ');
    const listener = this.#listeners.get(Number(pid));
    if (hook === 'test') socket.end('=ready\n+\n');
    else if (text === null || listener === undefined || !isHook(hook)) socket.destroy();
    else {
      this.#sockets.set(socket, Number(pid));
      await listener(callOf(socket, hook, text.slice(line.length + 1)));
    }
  }
}

function isHook(name: string): name is HookName {
  return (HOOKS as readonly string[]).includes(name);
}

async function readAll(socket: Socket): Promise<string | null> {
  const chunks: Buffer[] = [];
  let total = 0;
  return new Promise((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      total += chunk.length;
      if (total <= INPUT_MAX_BYTES) chunks.push(chunk);
    });
    socket.once('end', () => resolve(total <= INPUT_MAX_BYTES ? Buffer.concat(chunks).toString('utf8') : null));
    socket.once('close', () => resolve(null));
  });
}

function callOf(socket: Socket, hook: HookName, input: string): HookCall {
  return {
    hook,
    input,
    print: async (text) => {
      if (socket.destroyed) return;
      const lines = text.split('\n').map((line) => `=${cleanLine(line)}\n`);
      if (socket.write(lines.join(''))) return;
      await new Promise<void>((resolve) => {
        const go = () => {
          socket.off('drain', go).off('close', go);
          resolve();
        };
        socket.once('drain', go).once('close', go);
      });
    },
    end: (accepted) => {
      socket.end(accepted ? '+\n' : '-\n');
    },
  };
}
