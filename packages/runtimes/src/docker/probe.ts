/** Finds out whether a Docker Engine answers and what it is. Changes nothing. */
import { createClient, sentenceOf } from './client.ts';

export type DockerProbe =
  | { ok: true; version: string; liveRestore: boolean; rootDir: string }
  /** `reason` is a phrase for people. */
  | { ok: false; reason: string };

/** The API of Docker 20.10, the oldest one that builds with BuildKit as this engine wants it. */
const API_MINIMUM = 1.41;

export async function probeDocker(socketPath: string, timeoutMs = 3_000): Promise<DockerProbe> {
  const { docker, call } = createClient(socketPath);
  try {
    const [version, info] = await Promise.all([
      call(timeoutMs, () => docker.version()),
      call(timeoutMs, () => docker.info()),
    ]);
    if (Number(version.ApiVersion) < API_MINIMUM) {
      return { ok: false, reason: `Docker ${version.Version} is too old: 20.10 or newer is needed` };
    }
    return {
      ok: true,
      version: version.Version,
      liveRestore: info.LiveRestoreEnabled === true,
      rootDir: String(info.DockerRootDir ?? ''),
    };
  } catch (error) {
    return { ok: false, reason: sentenceOf(error) };
  }
}
