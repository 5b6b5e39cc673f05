/** Sends one build to BuildKit and follows it to its end. Knows nothing of recipes. */
import type { Readable } from 'node:stream';
import { TealError } from '@teal/core';
import type { BuildLog } from '@teal/deployer';
import { type DockerClient, sentenceOf, statusOf } from './client.ts';
import { readProgress } from './progress.ts';
import { createStepLog } from './steplog.ts';

export interface DockerBuild {
  context: Readable;
  /** Path within the context. */
  dockerfile: string;
  tag: string;
  labels: Readonly<Record<string, string>>;
  buildArgs: Readonly<Record<string, string>>;
  /** Steps that ran are used again only for builds of the same scope, a word; null: for everybody's. */
  cacheScope: string | null;
  fresh: boolean;
  /** The log shows a recipe's commands, not the copying around them. */
  commandsOnly: boolean;
  log: BuildLog;
  /** An abort closes the connection, upon which BuildKit ends what it runs. */
  signal: AbortSignal;
}

/** `step` is the failed command as the Dockerfile or recipe has it; null when the build failed outside of one. */
export type DockerBuildOutcome = { ok: true } | { ok: false; step: string | null; message: string };

function send(client: DockerClient, build: DockerBuild): Promise<Readable> {
  // dialled by hand: dockerode's buildImage opens a session for registry passwords, which we have not, and leaves it
  // open when a build is aborted
  const query = {
    version: '2',
    dockerfile: build.dockerfile,
    t: build.tag,
    labels: JSON.stringify(build.labels),
    buildargs: JSON.stringify(build.buildArgs),
    ...(build.fresh ? { nocache: 'true' } : {}),
    // BuildKit has no scopes, but takes a step's hosts into its key, whatever the Dockerfile says
    ...(build.cacheScope === null ? {} : { extrahosts: `${build.cacheScope}.cache.invalid:127.0.0.1` }),
  };
  return new Promise((resolve, reject) => {
    client.docker.modem.dial(
      {
        path: '/build?',
        method: 'POST',
        file: build.context,
        options: query,
        abortSignal: build.signal,
        isStream: true,
        statusCodes: { 200: true, 400: 'bad parameter', 500: 'server error' },
      },
      (error: unknown, stream: unknown) => (error ? reject(error) : resolve(stream as Readable)),
    );
  });
}

/** Rejects with the signal's reason after an abort, with `engine_unavailable` when the daemon goes away. */
export async function runBuild(client: DockerClient, build: DockerBuild): Promise<DockerBuildOutcome> {
  const steps = createStepLog(build.log, { commandsOnly: build.commandsOnly });
  let imageSeen = false;
  let error: string | null = null;
  try {
    for await (const event of readProgress(await send(client, build))) {
      if (event.type === 'trace') steps.take(event.trace);
      else if (event.type === 'image') imageSeen = true;
      else if (event.type === 'error') error ??= event.message;
      else if (event.type === 'text' && !/^Successfully tagged /.test(event.text)) build.log('build', event.text);
    }
    build.signal.throwIfAborted();
  } catch (cause) {
    build.signal.throwIfAborted();
    if (statusOf(cause) === 400) return { ok: false, step: null, message: sentenceOf(cause) };
    const detail = `the build was cut off (${sentenceOf(cause)})`;
    throw new TealError('engine_unavailable', { engine: 'docker', detail }, { cause });
  } finally {
    steps.end();
    build.context.destroy();
  }
  if (error === null && imageSeen) return { ok: true };
  if (error === null) {
    throw new TealError('engine_unavailable', { engine: 'docker', detail: 'the build ended without a result' });
  }
  const failure = steps.failure();
  return { ok: false, step: failure?.label ?? null, message: failure?.message ?? error };
}
