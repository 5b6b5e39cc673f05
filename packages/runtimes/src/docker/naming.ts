/** How Teal's things are named and labelled on a Docker host. */
import { shortId } from '@teal/core';

export const LABEL = Object.freeze({
  platform: 'teal.platform',
  app: 'teal.app',
  instance: 'teal.instance',
  release: 'teal.release',
  /** On the container that only holds a network: the instance that it is for. */
  place: 'teal.place',
  /** On base images only: what they were made from. */
  base: 'teal.base',
});

const PLACE_SUFFIX = '-net';

function uuidOf(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

export interface Naming {
  /** The container's name is the instance's ref; another platform's refs look different. */
  instanceRef(instanceId: string): string;
  isOwnInstance(ref: string): boolean;
  /** The container that holds the network of the instance `ref`. */
  placeRef(ref: string): string;
  network(appId: string): string;
  imageRef(appName: string, imageId: string): string;
  /** For the `filters` of list calls. */
  ownFilter(appId?: string): { label: string[] };
  labels(appId: string): Record<string, string>;
}

export function createNaming(platformId: string): Naming {
  const prefix = `teal-${shortId(platformId)}-`;
  return {
    instanceRef: (instanceId) => `${prefix}${uuidOf(instanceId)}`,
    isOwnInstance: (ref) => ref.startsWith(prefix),
    placeRef: (ref) => `${ref}${PLACE_SUFFIX}`,
    network: (appId) => `${prefix}${shortId(appId)}`,
    imageRef: (appName, imageId) => `teal/${appName}:${uuidOf(imageId)}`,
    ownFilter: (appId) => ({
      label: [`${LABEL.platform}=${platformId}`, ...(appId === undefined ? [] : [`${LABEL.app}=${appId}`])],
    }),
    labels: (appId) => ({ [LABEL.platform]: platformId, [LABEL.app]: appId }),
  };
}
