/** Finds a free port for an instance and keeps it for it. */
import { randomInt } from 'node:crypto';
import type { Reservations } from '@teal/deployer';
import { engineTrouble } from './options.ts';
import { listeningSockets } from './sockets.ts';

/** How many free ones are offered: others may reserve at the same moment. */
const OFFERED = 64;

/** The instance's port. Begins at a random place, so that a port that has just been given back rests a while. */
export async function reservePort(
  reservations: Reservations,
  instanceId: string,
  range: { first: number; last: number },
): Promise<number> {
  const taken = new Set([...(await reservations.list('port')).values()].map(Number));
  for (const { port } of listeningSockets()) taken.add(port);
  const size = range.last - range.first + 1;
  const offset = randomInt(size);
  const candidates: string[] = [];
  for (let step = 0; step < size && candidates.length < OFFERED; step++) {
    const port = range.first + ((offset + step) % size);
    if (!taken.has(port)) candidates.push(String(port));
  }
  const given = await reservations.reserve('port', instanceId, candidates);
  if (given === null) throw engineTrouble(`no port from ${range.first} to ${range.last} is free`);
  return Number(given);
}
