/** What the process engine is told, and where it keeps its things. Touches nothing. */
import { join } from 'node:path';
import { isId, TealError } from '@teal/core';
import type { Reservations } from '@teal/deployer';

/** The system user that builds and instances run as; null: the user of this process. */
export type RunAs = { uid: number; gid: number } | null;

export interface ProcessEngineOptions {
  /** A folder of its own, made when missing; its place decides which platform the engine belongs to. */
  dataDir: string;
  /** Required as root: no app runs as root. */
  runAs: RunAs;
  reservations: Reservations;
  /** Ports for instances, both ends included; below the range the kernel takes for outgoing connections. */
  portRange?: { first: number; last: number };
  /** The Node that apps get; by default the one that runs Teal. */
  nodeBinary?: string;
  /** Where `npm` is looked for, as in PATH. */
  searchPath?: string;
  /** CA certificates (PEM) that builds and instances trust besides the usual; null: none. */
  caFile?: string | null;
  /** More variables for builds and instances, for instance the proxy's; the app's own win. */
  environment?: Readonly<Record<string, string>>;
  /** One line for the platform's log. */
  log?: (line: string) => void;
}

export const DEFAULT_PORT_RANGE = Object.freeze({ first: 20_000, last: 29_999 });
/** Where the tools of a system are; the PATH of Teal's own user may lead into places that others cannot enter. */
export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The folders of one engine. Ids are checked before they become part of a path. */
export class Layout {
  readonly root: string;
  constructor(root: string) {
    this.root = root;
  }
  get tools(): string {
    return join(this.root, 'tools');
  }
  get images(): string {
    return join(this.root, 'images');
  }
  get instances(): string {
    return join(this.root, 'instances');
  }
  get apps(): string {
    return join(this.root, 'apps');
  }
  image(imageId: string): string {
    return join(this.images, checked('image', imageId));
  }
  instance(instanceId: string): string {
    return join(this.instances, checked('instance', instanceId));
  }
  app(appId: string): string {
    return join(this.apps, checked('app', appId));
  }
  home(appId: string): string {
    return join(this.app(appId), 'home');
  }
  dependencies(appId: string): string {
    return join(this.app(appId), 'dependencies');
  }
}

function checked(kind: 'image' | 'instance' | 'app', id: string): string {
  if (!isId(kind, id)) throw new TealError('internal', { reference: `not an ${kind} id: ${id.slice(0, 80)}` });
  return id;
}

/** The engine's own trouble, as the platform's error. */
export function engineTrouble(detail: string, cause?: unknown): TealError {
  return new TealError('engine_unavailable', { engine: 'process', detail }, { cause });
}
