/**
 * A program that starts supervisors for a Teal in another container: one that Teal started itself would end with Teal's
 * container. Runs in the foreground; its end is theirs. Its argument is the socket it listens on. Routes nothing.
 */
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { endSupervisor } from './endSupervisor.ts';
import { startSupervisor } from './launch.ts';
import { lineReader } from './protocol.ts';

const socketPath = process.argv[2] ?? '';
const stateDirs = new Set<string>();

/** One line asks, with the path of an options file; one line answers, with what the supervisor says at its start. */
function serve(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  const take = lineReader((line) => {
    const { optionsFile } = JSON.parse(line) as { optionsFile: string };
    stateDirs.add(dirname(optionsFile));
    startSupervisor(optionsFile)
      .catch((error: Error) => ({ error: { code: null, facts: {}, message: error.message } }))
      .then((said) => socket.end(`${JSON.stringify(said)}\n`));
  });
  socket.on('data', (chunk) => {
    try {
      take(chunk);
    } catch {
      socket.destroy();
    }
  });
}

const server = createServer(serve);
// Left by a container that was killed; two of them never share a data folder.
rmSync(socketPath, { force: true });
server.listen(socketPath);
await once(server, 'listening');
chmodSync(socketPath, 0o600);
const ended = Promise.race(['SIGTERM', 'SIGINT'].map((name) => once(process, name)));
await ended;
server.close();
await Promise.all([...stateDirs].map((stateDir) => endSupervisor(stateDir)));
process.exit(0);
