/** A slice of the API on a real socket, as the tests of the command need it. Decides nothing: answers what it is told. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Request {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: unknown;
}

export type Handler = (request: Request, answer: ServerResponse) => unknown;

export interface FakeTeal {
  url: string;
  port: number;
  requests: Request[];
  /** `METHOD /path` (without the query) → what answers. A handler that returns a value answers 200 with it. */
  on(route: string, handler: Handler): void;
  close(): Promise<void>;
}

export const TOKEN = 'teal_0123456789abcdef';

export async function startFakeTeal(): Promise<FakeTeal> {
  const routes = new Map<string, Handler>();
  const requests: Request[] = [];
  const server = createServer(async (incoming, answer) => {
    let text = '';
    for await (const chunk of incoming) text += chunk;
    const { method = '', url: path = '', headers } = incoming;
    const request = { method, path, headers, body: text === '' ? null : JSON.parse(text) };
    requests.push(request);
    if (headers.authorization !== `Bearer ${TOKEN}`) return refuse(answer, 401, 'unauthenticated', 'Sign in.');
    const handler = routes.get(`${method} ${path.split('?')[0]}`);
    if (handler === undefined) return refuse(answer, 404, 'not_found', `There is no ${path} here.`);
    const value = await handler(request, answer);
    if (value !== undefined) answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}`,
    port,
    requests,
    on: (route, handler) => routes.set(route, handler),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export function refuse(answer: ServerResponse, status: number, code: string, message: string): undefined {
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { code, message } }));
}

export function openEvents(answer: ServerResponse): (name: string, data: unknown, id?: number) => void {
  answer.writeHead(200, { 'content-type': 'text/event-stream' });
  return (name, data, id) =>
    answer.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}
