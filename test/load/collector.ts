/** Hears from every instance which POSTs it took, so that one taken twice is seen whichever instances took it. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export class Collector {
  /** Number of a POST → how often an app took it. */
  readonly taken = new Map<number, number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
      createInterface({ input: socket }).on('line', (line) => this.note(Number(line)));
    });
  }

  /** On every address of this machine, since apps in containers must reach it. */
  static async listen(): Promise<Collector> {
    const collector = new Collector();
    collector.#server.listen(0, '0.0.0.0');
    await once(collector.#server, 'listening');
    return collector;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  note(id: number): void {
    this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
  }

  /** Numbers of POSTs that were taken more than once. */
  duplicates(): number[] {
    return [...this.taken].filter(([, times]) => times > 1).map(([id]) => id);
  }

  /** Those of `answered` that no app has taken. */
  missing(answered: readonly number[]): number[] {
    return answered.filter((id) => !this.taken.has(id));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
