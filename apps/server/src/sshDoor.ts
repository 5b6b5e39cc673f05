/** Opens git over SSH where the configuration wants it, and tells where it is. */
import { TealError } from '@teal/core';
import type { GitRemote, SshDoor } from '@teal/git';
import type { Logger } from 'pino';
import type { Config } from './config.ts';

const USUAL_PORT = 2222;

export interface SshPlace extends SshDoor {
  /** With `<app>` for an app's name. */
  urlPattern: string;
}

/** Null: none is wanted, or nobody chose a port and the usual one is taken. Throws `port_taken`. */
export async function openSshDoor(
  remote: Pick<GitRemote, 'listenSsh'>,
  { config, hostKeyFile, log }: { config: Config; hostKeyFile: string; log: Logger },
): Promise<SshPlace | null> {
  const { sshPort, host } = config;
  if (sshPort === null) return null;
  const port = sshPort === 'auto' ? USUAL_PORT : sshPort;
  try {
    const door = await remote.listenSsh({ host, port, hostKeyFile });
    const shownHost = host === '127.0.0.1' ? 'localhost' : config.domain;
    return { ...door, urlPattern: `ssh://git@${shownHost}:${door.port}/<app>.git` };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    if (sshPort !== 'auto') throw new TealError('port_taken', { port, host, option: '--ssh-port' }, { cause });
    log.warn({ port }, 'no git over SSH: its usual port is taken; choose another with --ssh-port');
    return null;
  }
}
