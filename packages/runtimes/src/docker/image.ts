/** The images of this platform: asks for them, untags them. Never removes by id or by force. */
import { type DockerClient, orNull, QUICK_MS, SLOW_MS } from './client.ts';
import { LABEL, type Naming } from './naming.ts';

export interface Images {
  has(ref: string): Promise<boolean>;
  remove(ref: string): Promise<void>;
  list(): Promise<string[]>;
  listApps(): Promise<string[]>;
}

export function createImages(client: DockerClient, naming: Naming, platformId: string): Images {
  const { docker } = client;

  async function isOwn(ref: string): Promise<boolean> {
    const found = await orNull(client.call(QUICK_MS, () => docker.getImage(ref).inspect()));
    return found?.Config?.Labels?.[LABEL.platform] === platformId;
  }

  async function own() {
    const filters = JSON.stringify(naming.ownFilter());
    return client.call(QUICK_MS, (abortSignal) => docker.listImages({ filters, abortSignal }));
  }

  return {
    has: isOwn,
    async remove(ref) {
      if (!(await isOwn(ref))) return;
      await orNull(client.call(SLOW_MS, (abortSignal) => docker.getImage(ref).remove({ abortSignal })));
    },
    async list() {
      return (await own()).flatMap((image) => image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
    },
    async listApps() {
      return [...new Set((await own()).flatMap((image) => image.Labels?.[LABEL.app] ?? []))];
    },
  };
}
