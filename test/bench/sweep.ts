/** Removes from Docker what apps of the benchmark left there, when the platform itself could not. */
import Docker from 'dockerode';

/** The label that every thing of an app carries. */
const APP_LABEL = 'teal.app';

export async function sweepDocker(appIds: readonly string[]): Promise<void> {
  const docker = new Docker();
  for (const appId of appIds) {
    const filters = { label: [`${APP_LABEL}=${appId}`] };
    const containers = await docker.listContainers({ all: true, filters });
    for (const { Id } of containers) await docker.getContainer(Id).remove({ force: true, v: true });
    for (const { Id } of await docker.listNetworks({ filters })) await docker.getNetwork(Id).remove();
    const images = await docker.listImages({ filters });
    for (const tag of images.flatMap((image) => image.RepoTags ?? [])) await docker.getImage(tag).remove();
  }
}
