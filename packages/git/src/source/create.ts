/** Makes an app's empty bare repository, whole or not at all. */
import { execFile } from 'node:child_process';
import { access, appendFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INIT_MS = 30_000;

/**
 * Pushed commits survive a power loss, every move of a ref is recorded (recovery reads that), and packs are
 * joined now and then so that the thousandth push is as quick as the first.
 */
const SETTINGS = `[core]
\tfsync = committed
\tlogAllRefUpdates = always
[gc]
\tautoPackLimit = 50
\treflogExpire = never
\treflogExpireUnreachable = never
`;

/** Does nothing when there is a repository at `path`. */
export async function createRepository(path: string, environment: Record<string, string>): Promise<void> {
  if (await present(path)) return;
  await mkdir(dirname(path), { recursive: true });
  // A name that is no app id, so that nothing takes a half-made repository for one.
  const draft = await mkdtemp(join(dirname(path), `.new-${basename(path)}-`));
  try {
    await run('git', ['init', '--quiet', '--bare', '--template=', '--initial-branch=main', '--', draft], {
      cwd: '/',
      env: environment,
      timeout: INIT_MS,
      killSignal: 'SIGKILL',
    });
    await appendFile(join(draft, 'config'), SETTINGS);
    await rename(draft, path).catch(async (error) => {
      if (!(await present(path))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function present(path: string): Promise<boolean> {
  return access(join(path, 'HEAD')).then(
    () => true,
    () => false,
  );
}
