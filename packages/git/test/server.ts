/** A git remote over real HTTP, and a real git client that knows nothing of this machine's configuration. */
import { type ChildProcess, spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  applyGitEnvironment,
  createGitRemote,
  createSourceReader,
  type GitRemote,
  type GitRemoteHandlers,
  type GitRemoteOptions,
  type GitSourceReader,
  hooksFolder,
  type ReceivedPush,
} from '../src/index.ts';

export const PASSWORD = 'teal-token';
export const LIMITS = { maxEntries: 2_000, maxBytes: 200_000_000, maxFileBytes: 100_000_000 };

/** What handlers saw, and what they are to do next. */
export interface Script {
  accepted: ReceivedPush[];
  landed: ReceivedPush[];
  lost: string[];
  left: string[];
  errors: unknown[];
  authenticateKey: (fingerprint: string) => string | null;
  accept: (push: ReceivedPush) => Promise<void> | void;
  lines: (push: ReceivedPush, signal: AbortSignal) => AsyncIterable<string>;
}

export interface TestServer {
  folder: string;
  repositories: string;
  port: number;
  script: Script;
  reader: GitSourceReader;
  remote: GitRemote;
  /** `http://x:token@127.0.0.1:port/git/name.git`. */
  url(app: string, password?: string): string;
  repository(app: string): string;
  close(): Promise<void>;
}

export async function startServer(
  options: Partial<GitRemoteOptions> & { apps?: string[]; handlers?: GitRemoteHandlers } = {},
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-git-'));
  const repositories = join(folder, 'repositories');
  const stateDir = join(folder, 'state');
  await mkdir(repositories);
  const script: Script = {
    accepted: [],
    landed: [],
    lost: [],
    left: [],
    errors: [],
    authenticateKey: () => null,
    accept: () => {},
    lines: async function* () {},
  };
  const apps = new Map((options.apps ?? ['shop', 'blog']).map((name) => [name, `app_${name}`]));
  const reader = createSourceReader({ repositoriesDir: repositories, limits: LIMITS });
  for (const id of apps.values()) await reader.create(id);
  const handlers = handlersOf(script, apps);
  const remote = createGitRemote({ repositoriesDir: repositories, stateDir, handlers, ...options });
  applyGitEnvironment(process.env, {
    hooksDir: hooksFolder(stateDir),
    maxPushBytes: options.maxPushBytes ?? 1024 * 1024 * 1024,
  });
  await remote.listen();
  const server = createServer({ requestTimeout: 0 }, (request, response) => void remote.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  return {
    folder,
    repositories,
    port,
    script,
    reader,
    remote,
    url: (app, password = PASSWORD) => `http://x:${password}@127.0.0.1:${port}/git/${app}.git`,
    repository: (app) => join(repositories, `app_${app}.git`),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await remote.close();
      server.closeAllConnections();
      await closed;
      await reader.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function handlersOf(script: Script, apps: Map<string, string>): GitRemoteHandlers {
  let pushes = 0;
  return {
    authenticate: async ({ password }) => (password === PASSWORD ? { id: 'user_1', name: 'Ada' } : null),
    authenticateKey: async (fingerprint) => {
      const name = script.authenticateKey(fingerprint);
      return name === null ? null : { id: 'user_1', name };
    },
    authorize: async (principal, appName) => {
      const appId = apps.get(appName);
      if (appId === undefined || appName === 'foreign') return null;
      return { appId, appName, principal };
    },
    accept: async (push) => {
      script.accepted.push(push);
      await script.accept(push);
      pushes += 1;
      return `push_${pushes}`;
    },
    landed: async function* (pushId, push, signal) {
      script.landed.push(push);
      try {
        yield* script.lines(push, signal);
      } finally {
        script.left.push(pushId);
      }
    },
    lost: async (pushId) => void script.lost.push(pushId),
    failed: (error) => void script.errors.push(error),
  };
}

export interface GitResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A git client with a home of its own; `cwd` must exist. */
export function startGit(
  cwd: string,
  args: string[],
  input?: string | Buffer,
): ChildProcess & { result: Promise<GitResult> } {
  const env = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LC_ALL: 'C',
    HOME: cwd,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  };
  const child = spawn('git', ['-c', 'core.compression=0', ...args], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  const collect = (stream: 'stdout' | 'stderr') => (text: string) => {
    output[stream] += text;
  };
  child.stdout.setEncoding('utf8').on('data', collect('stdout'));
  child.stderr.setEncoding('utf8').on('data', collect('stderr'));
  child.stdin.on('error', () => {}).end(input);
  const result = new Promise<GitResult>((resolve) => {
    child.once('close', (code) => resolve({ code, ...output }));
  });
  return Object.assign(child, { result });
}

/** Runs git to its end, whatever that is. */
export function git(cwd: string, args: string[], input?: string | Buffer): Promise<GitResult> {
  return startGit(cwd, args, input).result;
}

/** Runs git, expects success, returns what it printed. */
export async function gitOk(cwd: string, args: string[], input?: string | Buffer): Promise<string> {
  const result = await git(cwd, args, input);
  if (result.code !== 0) throw new Error(`git ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
  return result.stdout.trim();
}

/** A work tree with one commit of `files` on `main`. */
export async function makeClone(
  server: TestServer,
  name: string,
  files: Record<string, string | Buffer>,
): Promise<string> {
  const folder = join(server.folder, name);
  await mkdir(folder);
  await gitOk(folder, ['init', '--quiet', '--initial-branch=main']);
  await commit(folder, files);
  return folder;
}

export async function commit(folder: string, files: Record<string, string | Buffer>, message = 'one'): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await gitOk(folder, ['add', '-A']);
  await gitOk(folder, ['commit', '--quiet', '--allow-empty', '-m', message]);
  return gitOk(folder, ['rev-parse', 'HEAD']);
}

/** Waits until `check` gives something, at most `deadlineMs`. */
export async function eventually<T>(check: () => T | Promise<T>, deadlineMs = 10_000): Promise<NonNullable<T>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await check();
    if (value !== null && value !== undefined && value !== false) return value as NonNullable<T>;
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Command lines of the processes that work in `folder` or name it, this one and git clients of the tests aside. */
export async function processesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    if (cwd.startsWith(folder) || command.includes(folder)) found.push(command);
  }
  return found;
}

export async function present(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
