/**
 * Removes what killed pushes leave in repositories: quarantine folders (space) and lock files (they block every later
 * push). Never touches a repository in which a process works.
 */
import { readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const QUARANTINE = /^(tmp_objdir-)?incoming-/;
const ATTEMPTS = 40;
const ATTEMPT_PAUSE_MS = 50;

export class Sweeper {
  /** Pushes under way, by repository. */
  readonly #pushes = new Map<string, number>();

  /** A push begins; the returned function ends it, and sweeps when it was the last one there. */
  enter(repository: string): () => Promise<void> {
    this.#pushes.set(repository, (this.#pushes.get(repository) ?? 0) + 1);
    return async () => {
      const left = (this.#pushes.get(repository) ?? 1) - 1;
      if (left > 0) this.#pushes.set(repository, left);
      else this.#pushes.delete(repository);
      if (left === 0) await this.#sweepSoon(repository);
    };
  }

  /** What a killed git had started ends a moment after it, and that has no event. */
  async #sweepSoon(repository: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if ((await this.sweep(repository)) || this.#pushes.has(repository)) return;
      await sleep(ATTEMPT_PAUSE_MS);
    }
  }

  /** Sweeps every repository below `repositoriesDir`, one after the other. */
  async sweepAll(repositoriesDir: string, signal: AbortSignal): Promise<void> {
    for (const name of await readdir(repositoriesDir).catch(() => [])) {
      if (signal.aborted) return;
      if (name.startsWith('.new-')) await rm(join(repositoriesDir, name), { recursive: true, force: true });
      else await this.sweep(join(repositoriesDir, name));
    }
  }

  /** False when something is left because a process works there. */
  async sweep(repository: string): Promise<boolean> {
    // In this order: what is listed first and has no process afterwards belongs to nobody.
    const left = [...(await quarantines(repository)), ...(await locks(repository))];
    if (left.length === 0) return true;
    if (this.#pushes.has(repository) || (await isWorkedIn(repository))) return false;
    for (const path of left) await rm(path, { recursive: true, force: true });
    return true;
  }
}

async function quarantines(repository: string): Promise<string[]> {
  const objects = join(repository, 'objects');
  const names = await readdir(objects).catch(() => []);
  return names.filter((name) => QUARANTINE.test(name)).map((name) => join(objects, name));
}

async function locks(repository: string): Promise<string[]> {
  const top = (await readdir(repository).catch(() => [])).map((name) => join(repository, name));
  const refs = join(repository, 'refs');
  const below = (await readdir(refs, { recursive: true }).catch(() => [])).map((name) => join(refs, name));
  return [...top, ...below].filter((path) => path.endsWith('.lock'));
}

/** Whether any process has `repository` as its folder, as git's have; true where that cannot be known. */
async function isWorkedIn(repository: string): Promise<boolean> {
  const names = await readdir('/proc').catch(() => null);
  if (names === null) return true;
  const folders = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => readlink(`/proc/${name}/cwd`).catch(() => '')),
  );
  return folders.some((folder) => folder === repository || folder.startsWith(`${repository}/`));
}
