/** A user's repository with the real git client. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface GitResult {
  code: number | null;
  stdout: string;
  /** What the user sees while pushing. */
  stderr: string;
}

const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

export class Repository {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async create(remote: string): Promise<Repository> {
    const repository = new Repository(await mkdtemp(join(tmpdir(), 'teal-repo-')));
    await repository.git('init', '-q', '-b', 'main', '.');
    await repository.git('remote', 'add', 'clever', remote);
    return repository;
  }

  start(...args: string[]): { child: ChildProcess; result: Promise<GitResult> } {
    const child = spawn('git', args, { cwd: this.dir, env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const result = new Promise<GitResult>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
    return { child, result };
  }

  git(...args: string[]): Promise<GitResult> {
    return this.start(...args).result;
  }

  async write(files: Record<string, string>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(this.dir, path)), { recursive: true });
      await writeFile(join(this.dir, path), content);
    }
  }

  /** Writes the files, commits everything, returns the commit. */
  async commit(message: string, files: Record<string, string>): Promise<string> {
    await this.write(files);
    await this.git('add', '-A');
    const result = await this.git('commit', '-q', '--allow-empty', '-m', message);
    if (result.code !== 0) throw new Error(result.stderr);
    return (await this.git('rev-parse', 'HEAD')).stdout.trim();
  }

  push(...args: string[]): Promise<GitResult> {
    return this.git('push', ...(args.length === 0 ? ['clever', 'main'] : args));
  }

  async remove(): Promise<void> {
    await rm(this.dir, { recursive: true, force: true });
  }
}
