/** What most likely made a deployment fail, and what to do: by its code, and by what the platform found out in the log. */
import type { DeploymentView, LogLineView } from '@teal/contracts';

const BY_CODE: Readonly<Record<string, string>> = {
  build_failed:
    'A command of the build ended with an error. The last lines of the build, just above its end, say which and why.',
  build_timeout: 'The build never came to its end: it may wait for input, or for a server that does not answer.',
  source_unknown:
    'Put a Dockerfile, package.json, requirements.txt or index.html at the root of the repository, and commit it.',
  release_command_failed:
    'The release line of the Procfile ended with an error. Its output is in the log, before the start.',
  gate_exited:
    'The app ended by itself at its start. Its last lines in the log say why: often a missing variable or module.',
  gate_refused: 'The app runs but does not answer as it must. Its own lines in the log may say why.',
  start_failed: 'The instance could not be started. Try again; if it fails again, ask who runs this platform.',
  switch_unproven: 'The new version answered its checks, but not through the public address. Try again.',
  worker_lost: 'Teal was interrupted twice while it worked on this. Try again.',
  disk_full: 'The disk of the platform is full. Ask who runs it to free space.',
  disk_short: 'The disk of the platform is nearly full. Ask who runs it to free space, then deploy again.',
  memory_short: 'The machine has hardly any memory left. Try again later, or ask who runs it.',
};

/** Sentences of the platform's own in the log of the checks that explain a refusal. */
const FOUND = /^(It listens on|The process ended|The path \/|A configured health path|The app answers with)/;

/** Most likely first; none for a deployment that did not fail. */
export function causesOf(deployment: DeploymentView, lines: readonly LogLineView[]): string[] {
  if (deployment.failure === null) return [];
  const found = lines.filter(({ source, text }) => source === 'teal' && FOUND.test(text)).map(({ text }) => text);
  const general = BY_CODE[deployment.failure.code];
  return found.length > 0 || general === undefined ? [...new Set(found)] : [general];
}

/** What each instance answered when it was asked, in order: the platform's own lines of the checks. */
export function probeResults(lines: readonly LogLineView[]): LogLineView[] {
  return lines.filter(
    ({ source, phase, text }) => source === 'teal' && phase === 'probing' && /^Instance \d+: /.test(text),
  );
}
