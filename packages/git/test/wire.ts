/** Git's wire format written by hand, for requests that no git client would send. */
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { PASSWORD, type TestServer } from './server.ts';

export const ZERO = '0'.repeat(40);

export function packet(payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload as string);
  return Buffer.concat([Buffer.from((bytes.length + 4).toString(16).padStart(4, '0')), bytes]);
}

export const FLUSH = Buffer.from('0000');

export interface Update {
  old?: string;
  new: string;
  ref: string;
}

/** The commands of a push, and its options when there are any. */
export function pushHead(updates: Update[], options?: string[]): Buffer {
  const capabilities = `report-status side-band-64k object-format=sha1${options ? ' push-options' : ''}`;
  const lines = updates.map((update, index) =>
    packet(`${update.old ?? ZERO} ${update.new} ${update.ref}${index === 0 ? `\0${capabilities}` : ''}`),
  );
  const tail = options ? [...options.map((option) => packet(option)), FLUSH] : [];
  return Buffer.concat([...lines, FLUSH, ...tail]);
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface RawRequest {
  method?: string;
  path: string;
  /** Null: no credentials at all. */
  password?: string | null;
  headers?: Record<string, string>;
  /** Each piece is sent by itself, after the one before has left. */
  body?: Buffer[];
}

/** One request over a real socket, byte for byte as given. */
export function send(server: TestServer, raw: RawRequest): Promise<RawAnswer> {
  const password = raw.password === undefined ? PASSWORD : raw.password;
  const headers: Record<string, string> = { ...raw.headers };
  if (password !== null) headers.authorization = `Basic ${Buffer.from(`x:${password}`).toString('base64')}`;
  const options: RequestOptions = {
    host: '127.0.0.1',
    port: server.port,
    method: raw.method ?? 'GET',
    path: raw.path,
    headers,
    agent: false,
    timeout: 10_000,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const body = Buffer.concat(chunks).toString('latin1');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    outgoing.once('error', reject).once('timeout', () => outgoing.destroy(new Error('no answer within 10 s')));
    void (async () => {
      for (const piece of raw.body ?? []) await new Promise((sent) => outgoing.write(piece, sent));
      outgoing.end();
    })();
  });
}

/** A push by hand: `pieces` are the body. */
export function sendPush(
  server: TestServer,
  pieces: Buffer[],
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  return send(server, {
    method: 'POST',
    path: '/git/shop.git/git-receive-pack',
    headers: { 'content-type': 'application/x-git-receive-pack-request', ...headers },
    body: pieces,
  });
}
