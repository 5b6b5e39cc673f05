/** The release command of a deployment: once, in the new image, before anything of it is started. Starts nothing that stays. */
import { plainLine, type Release, TealError } from '@teal/core';
import { oneOffSpec } from './oneOffs.ts';
import { type Run, RunFailure, throwIfStopped } from './run.ts';

const LAST_LINES = 3;
const LAST_CHARACTERS = 500;
/** 128 + SIGKILL. */
const KILLED = 137;

/** False when the image is gone. Throws RunFailure or StopRun. Costs nothing where there is no such command. */
export async function runReleaseCommand(run: Run, release: Release): Promise<boolean> {
  const command = release.releaseCommand;
  if (command === null || !isDue(run)) return true;
  const { store } = run.context;
  const image = await store.images.get(release.imageId);
  if (image === null) return false;
  run.log.line('teal', `Release command: ${command}`);
  const isDone = await runOnce(run, { release, command, imageRef: image.ref });
  if (isDone) run.deployment = await store.deployments.releaseCommandDone(run.lease, run.deployment.id);
  return isDone;
}

/** A version that was live before has run its own; a deployment that is begun again runs it only if it did not succeed. */
function isDue({ deployment }: Run): boolean {
  const replays = deployment.trigger === 'revive' || deployment.trigger === 'start';
  return deployment.state === 'starting' && deployment.releaseCommandAt === null && !replays;
}

interface Command {
  release: Release;
  command: string;
  imageRef: string;
}

async function runOnce(run: Run, { release, command, imageRef }: Command): Promise<boolean> {
  const { releaseDeadlineMs } = run.context.settings.timing;
  const deadline = run.context.clock.timeout(releaseDeadlineMs);
  const lastLines: string[] = [];
  const log = (text: string) => {
    run.log.line('app', text);
    if (text.trim() !== '') lastLines.push(plainLine(text).trim());
    if (lastLines.length > LAST_LINES) lastLines.shift();
  };
  try {
    const spec = oneOffSpec(run, { deployment: run.deployment, release, imageRef });
    const signal = AbortSignal.any([run.signal, deadline]);
    const { exitCode } = await run.oneOffs.run(spec, { command, log, signal }, run.context.engine);
    throwIfStopped(run.signal);
    if (exitCode !== 0) throw failed(`"${command}" ${endOf(exitCode)}`, lastLines);
    return true;
  } catch (error) {
    throwIfStopped(run.signal);
    if (deadline.aborted) throw failed(`"${command}" did not end within ${releaseDeadlineMs / 60_000} minutes`, []);
    if (!(error instanceof TealError)) throw error;
    if (error.code === 'image_gone') return false;
    if (error.code !== 'start_failed') throw RunFailure.of(error);
    throw failed(`"${command}" could not be started: ${error.facts.detail}`, []);
  }
}

function endOf(exitCode: number): string {
  const killed = exitCode === KILLED ? ' (killed, mostly for want of memory)' : '';
  return `ended with exit code ${exitCode}${killed}`;
}

function failed(how: string, lastLines: readonly string[]): RunFailure {
  const said = lastLines.join(' | ').slice(-LAST_CHARACTERS);
  const detail = said === '' ? `${how}.` : `${how}: ${said}`;
  return RunFailure.of(new TealError('release_command_failed', { detail }));
}
