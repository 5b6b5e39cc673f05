/** Keeps two owners off one data folder; the kernel drops the lock with its holder, however that ends. */
import { createHash } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { TealError } from '@teal/core';

export interface FolderLock {
  release(): Promise<void>;
}

/** A socket without a file: no stale leftover after a crash, and taking it is atomic. */
function lockName(folder: string): string {
  return `\0teal-postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
}

function askHolder(name: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(name);
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      text = (text + chunk.toString('latin1')).slice(0, 20);
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(/^\d+$/.test(text) ? text : 'unknown'));
  });
}

/** Throws `data_folder_in_use`, naming the process that holds it. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const name = lockName(folder);
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(String(process.pid));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(name, resolve);
    });
  } catch (cause) {
    throw new TealError('data_folder_in_use', { pid: await askHolder(name), folder }, { cause });
  }
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}
