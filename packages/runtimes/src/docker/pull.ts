/** Pulls an official image where the daemon can reach a registry, and finds out quickly when it cannot. */
import type { BuildLog } from '@teal/deployer';
import { type DockerClient, sentenceOf } from './client.ts';
import { readProgress } from './progress.ts';

/** Long enough for a slow registry's first word, short enough not to hold up a first deployment. */
const FIRST_WORD_MS = 8_000;

/** Null when the image is there now, else why not in one phrase. Rejects only with the signal's reason. */
export async function pullOfficial(
  client: DockerClient,
  image: string,
  log: BuildLog,
  signal: AbortSignal,
): Promise<string | null> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('no answer')), FIRST_WORD_MS);
  try {
    const [fromImage = '', tag = ''] = image.split(':');
    const abortSignal = AbortSignal.any([signal, silence.signal]);
    const stream = await client.docker.createImage({ fromImage, tag, abortSignal });
    clearTimeout(timer);
    log('teal', `pulling ${image}`);
    for await (const event of readProgress(stream as AsyncIterable<Buffer>)) {
      if (event.type === 'error') return event.message;
      if (event.type === 'truncated') return 'the pull ended early';
    }
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return sentenceOf(error);
  } finally {
    clearTimeout(timer);
  }
}
