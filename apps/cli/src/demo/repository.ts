/** The git repository that the demo pushes from: its own identity and configuration, never a prompt. */
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { shellWord } from '../git/repository.ts';

const run = promisify(execFile);

export interface Pushed {
  exitCode: number | null;
  /** What the push client showed, line by line. */
  lines: string[];
  /** When `git push` began and let go, by `performance.now()`. */
  startedAt: number;
  endedAt: number;
}

export interface RepositoryOptions {
  /** Where it will be; made, with a home folder of its own beside the work tree. */
  folder: string;
  example: string;
  remoteUrl: string;
  /** How git asks for the token: the command of a credential helper. */
  helper: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

export class Repository {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal;

  private constructor(folder: string, env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.folder = folder;
    this.#env = env;
    this.#signal = signal;
  }

  static async create(options: RepositoryOptions): Promise<Repository> {
    const home = join(options.folder, 'home');
    const tree = join(options.folder, 'hello-node');
    await mkdir(home, { recursive: true });
    await mkdir(tree);
    for (const name of await readdir(options.example)) {
      if (name !== 'node_modules') await cp(join(options.example, name), join(tree, name), { recursive: true });
    }
    const repository = new Repository(tree, gitEnvironment(options.env, home), options.signal);
    await repository.git('init', '--quiet', '--initial-branch=main');
    await repository.git('remote', 'add', 'clever', options.remoteUrl);
    await repository.git('config', 'credential.helper', `!${options.helper.map(shellWord).join(' ')}`);
    // A proxy of the environment must not stand between this machine and itself.
    await repository.git('config', 'http.proxy', '');
    return repository;
  }

  async git(...args: string[]): Promise<string> {
    const { stdout } = await run('git', args, { cwd: this.folder, env: this.#env, signal: this.#signal });
    return stdout.trim();
  }

  /** Replaces what `pattern` finds in a file; throws when it finds nothing, so that no scene plays without its cause. */
  async edit(file: string, pattern: RegExp, replacement: string): Promise<void> {
    const path = join(this.folder, file);
    const before = await readFile(path, 'utf8');
    if (!pattern.test(before))
      throw new Error(`${file} of the example is not as the demo knows it: ${pattern} is missing`);
    await writeFile(
      path,
      before.replace(pattern, () => replacement),
    );
  }

  /** Commits all that changed; returns the commit's id. */
  async commit(message: string): Promise<string> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--message', message);
    return this.git('rev-parse', 'HEAD');
  }

  /** Runs `git push clever main`; its exit code is told, not judged. */
  async push(onLine: (line: string) => void): Promise<Pushed> {
    const startedAt = performance.now();
    const child = spawn('git', ['push', 'clever', 'main'], {
      cwd: this.folder,
      env: this.#env,
      signal: this.#signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
        lines.push(line.trimEnd());
        onLine(line.trimEnd());
      });
    }
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { exitCode, lines, startedAt, endedAt: performance.now() };
  }
}

function gitEnvironment(env: RepositoryOptions['env'], home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(GIT_|SSH_ASKPASS|XDG_)/.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Teal Demo',
    GIT_AUTHOR_EMAIL: 'demo@teal.invalid',
    GIT_COMMITTER_NAME: 'Teal Demo',
    GIT_COMMITTER_EMAIL: 'demo@teal.invalid',
  };
}
