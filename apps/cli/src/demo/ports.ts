/** Finds ports to listen on. */
import { createServer } from 'node:net';

/** `preferred` where it is free on the loopback address, else any that is and is not in `taken`. */
export async function freePort(preferred: number, taken: readonly number[] = []): Promise<number> {
  const first = await tryPort(preferred);
  if (first !== null && !taken.includes(first)) return first;
  for (;;) {
    const port = await tryPort(0);
    if (port !== null && !taken.includes(port)) return port;
  }
}

/** The port that could be listened on (0 asks for any), or null. It is free again when this resolves. */
function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : null;
      server.close(() => resolve(found));
    });
  });
}
