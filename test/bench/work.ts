/** What the parts share: the platform, the example, apps with a repository to push from. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Repository } from '../e2e/repository.ts';
import { type Files, textOf, versionOf } from './hello.ts';
import type { Options } from './options.ts';
import { type BenchPlatform, ROOT_DIR } from './platform.ts';
import { firstAnswer, type Target } from './poll.ts';

export interface Work {
  platform: BenchPlatform;
  files: Files;
  options: Options;
  /** Aborts at Ctrl-C. */
  signal: AbortSignal;
  say(line: string): void;
  /** Runs at the end, whatever happens; last come, first served. */
  defer(clean: () => Promise<void>): void;
}

export interface Subject {
  name: string;
  repository: Repository;
  target: Target;
}

/** The first push of all may have to make the base image. */
const DEADLINE_MS = 15 * 60_000;

/** An app with a repository that has the platform as remote `clever`. */
export async function createSubject(work: Work, name: string): Promise<Subject> {
  const { platform, options } = work;
  await platform.createApp(name);
  const withToken = options.credential === 'url';
  const remote = withToken ? platform.gitUrl(name) : `${platform.consoleUrl}/git/${name}.git`;
  const repository = await Repository.create(remote);
  work.defer(() => repository.remove());
  if (!withToken) await repository.git('config', 'credential.helper', credentialHelper(platform));
  return { name, repository, target: { ...platform.routerAddress, name: platform.hostOf(name) } };
}

function credentialHelper({ consoleUrl, token }: BenchPlatform): string {
  const words = ['env', `TEAL_URL=${consoleUrl}`, `TEAL_TOKEN=${token}`, join(ROOT_DIR, 'teal'), 'credential'];
  return `!${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')}`;
}

export interface PushTimes {
  /** From the start of `git push` to the first answer of the new version through the router. */
  liveMs: number;
  /** From the start of `git push` to its end. */
  pushMs: number;
}

/** The line after which the new version can answer, and before which it cannot. */
const PROBING = '==> probing';

/** Resolves as soon as the push client shows `text`. */
function says({ stderr }: ChildProcess, text: string): Promise<void> {
  let shown = '';
  return new Promise((resolve) => {
    stderr?.on('data', (chunk) => {
      shown += chunk;
      if (shown.includes(text)) resolve();
    });
  });
}

/** Commits a version (outside of the timing), pushes it with the real git client, and waits for its first answer. */
export async function pushVersion(work: Work, subject: Subject, version: string): Promise<PushTimes> {
  await subject.repository.commit(version, versionOf(work.files, version));
  const enough = new AbortController();
  const signal = AbortSignal.any([work.signal, enough.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const began = performance.now();
  const { child, result } = subject.repository.start('push', 'clever', 'main');
  const pushed = result.then(({ code, stderr }) => {
    if (code !== 0 || !/ is live at /.test(stderr)) enough.abort(new Error(`the push failed\n${stderr}`));
    return performance.now();
  });
  if (work.options.pollFrom === 'probing') await Promise.race([says(child, PROBING), pushed]);
  const answered = await firstAnswer(subject.target, textOf(version), signal);
  return { liveMs: answered - began, pushMs: (await pushed) - began };
}
