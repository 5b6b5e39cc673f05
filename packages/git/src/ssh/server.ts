/** The SSH door of the git remote: lets keys in, bounds what strangers may hold open, refuses all that is not git. */
import { createServer, type Server, type Socket } from 'node:net';
import { cleanLine, isTealError, TealError } from '@teal/core';
import ssh2, { type Connection, type ServerChannel, type Session } from 'ssh2';
import type { GitPrincipal } from '../remote/handlers.ts';
import { type GitCommand, isProtocolWish, parseCommand } from './command.ts';
import type { HostKey } from './hostkey.ts';
import { login } from './login.ts';

export interface SshLimits {
  /** Connections that have not proven a key yet. */
  maxStrangers: number;
  /** Connections that have. */
  maxConnections: number;
  /** Git commands at once on one connection. */
  maxCommands: number;
  loginDeadlineMs: number;
  /** How long a connection may stay without a command. */
  idleMs: number;
}

export const SSH_LIMITS: SshLimits = {
  maxStrangers: 64,
  maxConnections: 256,
  maxCommands: 8,
  loginDeadlineMs: 20_000,
  idleMs: 60_000,
};

export interface SshRun {
  command: GitCommand;
  /** Git's wish for a version of its protocol. */
  protocol: string | null;
  principal: GitPrincipal;
  channel: ServerChannel;
  /** Aborts when the client leaves. */
  client: AbortController;
}

export interface SshServerOptions {
  hostKey: HostKey;
  limits: SshLimits;
  /** Null: nobody here has this key (any more). */
  authenticate(fingerprint: string, address: string): Promise<GitPrincipal | null>;
  /** Resolves with git's exit status; a TealError's sentence is shown to the client. */
  run(run: SshRun): Promise<number>;
  /** What the client may read of an error. */
  sentence(error: unknown): string;
}

interface Proven {
  fingerprint: string;
  address: string;
}

/** Fast with Node's own crypto; every OpenSSH of the last ten years has one of each. */
const ALGORITHMS: ssh2.Algorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384'],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};
const KEEPALIVE = { keepaliveInterval: 30_000, keepaliveCountMax: 6 };
const REFUSED_CODE = 128;

export class SshServer {
  readonly #options: SshServerOptions;
  readonly #ssh: ssh2.Server;
  readonly #server: Server;
  /** By address and port; the function ends the wait for a proof. */
  readonly #strangers = new Map<string, { socket: Socket; known: () => void }>();
  /** Fingerprint of each connection's key. */
  readonly #connections = new Map<Connection, string>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: SshServerOptions) {
    this.#options = options;
    this.#ssh = new ssh2.Server(
      { hostKeys: [options.hostKey.privateKey], algorithms: ALGORITHMS, ident: 'Teal', ...KEEPALIVE },
      (client, info) => this.#greet(client, info),
    );
    // Sockets are counted before a byte of them is read.
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#admit(socket));
  }

  /** Throws what `net` throws. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Ends the connections that came in by this key, and what runs on them. */
  drop(fingerprint: string): void {
    for (const [client, key] of this.#connections) if (key === fingerprint) client.end();
  }

  /** Takes no new connection or command; call when what runs has been told to end. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const { socket } of this.#strangers.values()) socket.destroy();
    await Promise.all(this.#running);
    for (const client of this.#connections.keys()) client.end();
    await closed;
  }

  #admit(socket: Socket): void {
    socket.on('error', () => {});
    const { maxStrangers, loginDeadlineMs } = this.#options.limits;
    if (this.#strangers.size >= maxStrangers) return void socket.destroy();
    const from = `${socket.remoteAddress} ${socket.remotePort}`;
    const timer = setTimeout(() => socket.destroy(), loginDeadlineMs);
    const known = () => {
      clearTimeout(timer);
      this.#strangers.delete(from);
    };
    this.#strangers.set(from, { socket, known });
    socket.once('close', known);
    this.#ssh.injectSocket(socket);
  }

  #greet(client: Connection, { ip, port }: ssh2.ClientInfo): void {
    client.on('error', () => {});
    const knows = async (fingerprint: string) => (await this.#options.authenticate(fingerprint, ip)) !== null;
    void login(client, knows).then((fingerprint) => {
      this.#strangers.get(`${ip} ${port}`)?.known();
      this.#serve(client, { fingerprint, address: ip });
    });
  }

  #serve(client: Connection, key: Proven): void {
    const { limits } = this.#options;
    if (this.#connections.size >= limits.maxConnections) return void client.end();
    this.#connections.set(client, key.fingerprint);
    const leave = () => setTimeout(() => client.end(), limits.idleMs);
    let idle = leave();
    client.once('close', () => {
      this.#connections.delete(client);
      clearTimeout(idle);
    });
    let commands = 0;
    // Without ears for them, ssh2 refuses forwarding, X11, agents, subsystems and terminals by itself.
    client.on('session', (accept, reject) => {
      if (commands >= limits.maxCommands) return reject();
      commands += 1;
      clearTimeout(idle);
      const over = () => {
        commands -= 1;
        if (commands === 0 && this.#connections.has(client)) idle = leave();
      };
      this.#session(accept(), key, over);
    });
  }

  #session(session: Session, key: Proven, over: () => void): void {
    let protocol: string | null = null;
    let begun = false;
    session.on('env', (accept, reject, { key: name, val }) => {
      if (name !== 'GIT_PROTOCOL' || !isProtocolWish(val)) return reject?.();
      protocol = val;
      accept?.();
    });
    const begin = (accept: () => ServerChannel, reject: () => void, command: GitCommand | null) => {
      if (begun) return reject();
      begun = true;
      const channel = accept();
      channel.on('error', () => {});
      const run = this.#answer({ channel, command, protocol, key }).finally(() => this.#running.delete(run));
      this.#running.add(run);
    };
    session.on('exec', (accept, reject, { command }) => begin(accept, reject, parseCommand(command)));
    session.on('shell', (accept, reject) => begin(accept, reject, null));
    session.once('close', over);
  }

  async #answer(asked: {
    channel: ServerChannel;
    command: GitCommand | null;
    protocol: string | null;
    key: Proven;
  }): Promise<void> {
    const { channel, command, protocol, key } = asked;
    const client = new AbortController();
    channel.once('close', () => client.abort());
    let code = REFUSED_CODE;
    try {
      // The key may have been removed since the connection began.
      const principal = await this.#options.authenticate(key.fingerprint, key.address);
      if (principal === null) throw new TealError('key_unknown');
      if (command === null) throw new TealError('ssh_git_only', { name: cleanLine(principal.name) });
      code = await this.#options.run({ command, protocol, principal, channel, client });
    } catch (error) {
      if (client.signal.aborted) return;
      const text = isTealError(error) ? error.message : this.#options.sentence(error);
      channel.stderr.write(`Teal: ${text}\n`);
    }
    channel.exit(code);
    channel.end();
  }
}
