/** Measures how full the machine is: the disks of data folder and engine, and memory. */
import { stat, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import type { Room } from '@teal/core';
import type { RoomGauge } from '@teal/deployer';
import { probeDocker } from '@teal/runtimes';

export interface Disk {
  /** For people. */
  what: string;
  path: string;
}

export function createRoomGauge(disks: readonly Disk[]): RoomGauge {
  return {
    async measure() {
      const rooms = await Promise.all(disks.map(diskRoom));
      const memory: Room = {
        what: 'the memory of this machine',
        kind: 'memory',
        freeBytes: process.availableMemory(),
        totalBytes: Math.min(totalmem(), process.constrainedMemory() || Infinity),
      };
      return [...rooms.filter((room) => room !== null), memory];
    },
  };
}

/** Null when it cannot be seen from here, as the Docker host's disk from within a container. */
async function diskRoom({ what, path }: Disk): Promise<Room | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { what, kind: 'disk', freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return null;
  }
}

/** Where Docker keeps images, if that is a folder of this machine. */
export async function dockerDisk(socketPath: string): Promise<Disk[]> {
  const docker = await probeDocker(socketPath);
  if (!docker.ok) return [];
  const isHere = await stat(docker.rootDir).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isHere ? [{ what: "Docker's disk", path: docker.rootDir }] : [];
}
