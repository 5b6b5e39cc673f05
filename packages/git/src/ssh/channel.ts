/** One SSH channel as the two streams that the HTTP remote reads a request from and writes an answer to. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';

/** What the client sends. */
export class ChannelRequest extends PassThrough {
  readonly headers = {};
  readonly #channel: ServerChannel;

  constructor(channel: ServerChannel) {
    super();
    this.#channel = channel;
    this.on('error', () => {});
    channel.pipe(this);
    channel.once('close', () => {
      if (!this.writableEnded) this.destroy(new Error('the client has left'));
    });
  }

  get complete(): boolean {
    return this.readableEnded;
  }

  get socket() {
    return { destroy: () => this.#channel.close() };
  }
}

/** What the client gets. Its end does not end the channel: the exit status is to follow. */
export class ChannelAnswer extends Writable {
  readonly #channel: ServerChannel;
  headersSent = false;

  constructor(channel: ServerChannel) {
    super();
    this.#channel = channel;
    this.on('error', () => {});
    // ssh2 never calls back for what it has not sent by then.
    channel.once('close', () => this.destroy());
  }

  writeHead(): this {
    this.headersSent = true;
    return this;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#channel.write(chunk, done);
  }
}

export const asRequest = (request: ChannelRequest) => request as unknown as IncomingMessage;
export const asResponse = (answer: ChannelAnswer) => answer as unknown as ServerResponse;
