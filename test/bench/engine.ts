/** The yardstick: the same change deployed by bare calls of the Docker Engine API, with nothing around them. */
import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { CONTEXT, chooseRecipe, toDockerfile } from '@teal/recipes';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import { type Files, textOf, versionOf } from './hello.ts';
import { firstAnswer } from './poll.ts';

const PORT = 8080;
const DOCKERFILE = 'Dockerfile';
const DEADLINE_MS = 60_000;

export interface BareTimes {
  buildMs: number;
  createMs: number;
  startMs: number;
  answerMs: number;
  totalMs: number;
}

export class BareEngine {
  readonly #docker = new Docker();
  readonly #files: Files;
  readonly #dockerfile: string;
  readonly #id = randomUUID().slice(0, 8);

  constructor(files: Files) {
    const choice = chooseRecipe({ paths: Object.keys(files), files, environment: {} });
    if (!choice.ok) throw new Error(choice.reason);
    this.#files = files;
    this.#dockerfile = toDockerfile(choice.plan);
  }

  /** Build, create, start, first answer; removes container and image outside of the timing. */
  async deploy(version: string, signal: AbortSignal): Promise<BareTimes> {
    const context = await this.#context(version);
    const tag = `teal-bench/${this.#id}:${version}`;
    const name = `teal-bench-${this.#id}-${version}`;
    try {
      const began = performance.now();
      await this.#build(context, tag);
      const built = performance.now();
      const container = await this.#docker.createContainer({ name, Image: tag, Env: [`PORT=${PORT}`] });
      const created = performance.now();
      await container.start();
      const started = performance.now();
      const { Networks } = (await container.inspect()).NetworkSettings;
      const host = Object.values(Networks)[0]?.IPAddress ?? '';
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
      const answered = await firstAnswer({ host, port: PORT, name: host }, textOf(version), deadline);
      return {
        buildMs: built - began,
        createMs: created - built,
        startMs: started - created,
        answerMs: answered - started,
        totalMs: answered - began,
      };
    } finally {
      await this.#docker.getContainer(name).remove({ force: true, v: true }).catch(ignoreMissing);
      await this.#docker.getImage(tag).remove().catch(ignoreMissing);
    }
  }

  /** For what an interruption left. */
  async clean(): Promise<void> {
    const containers = await this.#docker.listContainers({ all: true, filters: { name: [`teal-bench-${this.#id}-`] } });
    for (const { Id } of containers) await this.#docker.getContainer(Id).remove({ force: true, v: true });
    const images = await this.#docker.listImages({ filters: { reference: [`teal-bench/${this.#id}`] } });
    for (const tag of images.flatMap((image) => image.RepoTags ?? [])) await this.#docker.getImage(tag).remove();
  }

  async #context(version: string): Promise<Buffer> {
    const tar = pack();
    tar.entry({ name: DOCKERFILE }, this.#dockerfile);
    tar.entry({ name: CONTEXT.environment }, '');
    for (const [name, text] of Object.entries(versionOf(this.#files, version))) {
      tar.entry({ name: `${CONTEXT.source}/${name}` }, text);
    }
    tar.finalize();
    return buffer(tar);
  }

  /** Dialled by hand, as the platform does: dockerode's own buildImage opens a session beside the build, which takes longer. */
  async #build(context: Buffer, tag: string): Promise<void> {
    const stream = await new Promise<AsyncIterable<Buffer>>((resolve, reject) => {
      this.#docker.modem.dial(
        {
          path: '/build?',
          method: 'POST',
          file: context,
          options: { version: '2', dockerfile: DOCKERFILE, t: tag },
          isStream: true,
          statusCodes: { 200: true, 400: 'bad parameter', 500: 'server error' },
        },
        (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer as AsyncIterable<Buffer>)),
      );
    });
    let said = '';
    for await (const chunk of stream) said += chunk.toString();
    if (said.includes('"errorDetail"')) throw new Error(`the bare build failed: ${said.slice(-1_000)}`);
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as { statusCode?: unknown }).statusCode !== 404) throw error;
}
