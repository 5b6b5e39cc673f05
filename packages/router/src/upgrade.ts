/** Carries a WebSocket: handshake to a member of the live pool, then bytes both ways until both sides have closed. */
import {
  type ClientRequest,
  type IncomingMessage,
  request as openRequest,
  ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { GOING_AWAY_MS, type Leave } from './flight.ts';
import type { ForwardContext } from './forward.ts';
import { CLOSE_GOING_AWAY, FrameCursor } from './frames.ts';
import { answerHeaders } from './headers.ts';
import { PAGES, type Page, sendPage } from './pages.ts';
import type { Inquiry } from './screen.ts';
import { choose, type RoutedApp } from './table.ts';
import { freshAgent, type Upstream } from './upstream.ts';

/** After one side has ended, the other may stay silent this long. */
const HALF_CLOSED_MS = 10_000;

export interface UpgradeExchange {
  request: IncomingMessage;
  /** The client's connection, taken over from the HTTP server. */
  client: Socket;
  /** What came after the request's headers. */
  head: Buffer;
  inquiry: Inquiry;
  app: RoutedApp;
  proven: boolean;
}

/** Answers a request whose connection the HTTP server has let go of; the connection ends with the answer. */
export function answerOnSocket(
  request: IncomingMessage,
  client: Socket,
  write: (response: ServerResponse) => void,
): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(client);
  response.once('finish', () => {
    response.detachSocket(client);
    client.destroySoon();
  });
  client.once('error', () => client.destroy());
  write(response);
}

export function upgrade(context: ForwardContext, exchange: UpgradeExchange): void {
  exchange.client.on('error', () => exchange.client.destroy());
  exchange.client.setTimeout(0);
  tryMember(context, exchange, new Set());
}

function tryMember(context: ForwardContext, exchange: UpgradeExchange, refused: Set<Upstream>): void {
  const { request, client, inquiry, app } = exchange;
  const choice = choose(app, refused);
  const page = (what: Page) => answerOnSocket(request, client, (response) => sendPage(request, response, what));
  if (choice.kind !== 'member') {
    page(choice.kind === 'noMember' && refused.size > 0 ? PAGES.unreachable : PAGES[choice.kind]);
    return;
  }
  const { upstream, deploymentId } = choice;
  const tunnel = new Tunnel(client);
  const leave = context.flights.enterWebSocket(upstream.instanceId, () => tunnel.goAway());
  const outgoing = openRequest({
    host: upstream.address.host,
    port: upstream.address.port,
    method: 'GET',
    path: inquiry.path,
    headers: [...inquiry.headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
    agent: freshAgent,
    timeout: context.limits.answerTimeoutMs,
    maxHeaderSize: 2 * context.limits.maxHeaderBytes,
  });
  const proof = exchange.proven ? deploymentId : null;
  followHandshake({ context, exchange, outgoing, tunnel, leave, proof }, (connected, error) => {
    context.trouble(upstream, error);
    if (connected) page(PAGES.unreachable);
    else tryMember(context, exchange, refused.add(upstream));
  });
}

interface Handshake {
  context: ForwardContext;
  exchange: UpgradeExchange;
  outgoing: ClientRequest;
  tunnel: Tunnel;
  leave: Leave;
  proof: string | null;
}

function followHandshake(handshake: Handshake, failed: (connected: boolean, error: Error) => void): void {
  const { context, exchange, outgoing, tunnel, leave, proof } = handshake;
  const { client, request } = exchange;
  let connected = false;
  let settled = false;
  const gone = () => outgoing.destroy();
  client.once('close', gone);
  outgoing.once('socket', (socket) => {
    const timer = setTimeout(
      () => outgoing.destroy(new Error('no connection in time')),
      context.limits.connectTimeoutMs,
    );
    outgoing.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      connected = true;
      clearTimeout(timer);
    });
  });
  outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
  outgoing.once('upgrade', (answer, member, memberHead) => {
    settled = true;
    client.removeListener('close', gone);
    client.write(handshakeAnswer(answer, proof));
    tunnel.join(member, memberHead, exchange.head, leave);
  });
  outgoing.once('response', (answer) => {
    settled = true;
    client.once('close', leave);
    answerOnSocket(request, client, (response) => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', answerHeaders(answer.rawHeaders, proof));
      answer.pipe(response);
      answer.once('close', () => {
        if (!answer.complete) client.destroy();
      });
    });
  });
  outgoing.on('error', (error) => {
    if (settled) return;
    settled = true;
    client.removeListener('close', gone);
    leave();
    if (!client.destroyed) failed(connected, error);
  });
  outgoing.end();
}

function handshakeAnswer(answer: IncomingMessage, proof: string | null): Buffer {
  const headers = answerHeaders(answer.rawHeaders, proof);
  let text = `HTTP/1.1 101 ${STATUS_CODES[101]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}

/** The two joined connections of one WebSocket. */
class Tunnel {
  readonly #client: Socket;
  readonly #toClient = new FrameCursor();
  #member: Socket | null = null;

  constructor(client: Socket) {
    this.#client = client;
  }

  join(member: Socket, memberHead: Buffer, clientHead: Buffer, leave: Leave): void {
    const client = this.#client;
    this.#member = member;
    member.on('error', () => member.destroy());
    member.setTimeout(0);
    for (const socket of [client, member]) {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      socket.once('end', () => this.#halfClosed());
      socket.once('close', () => {
        client.destroySoon();
        member.destroySoon();
        if (client.closed && member.closed) leave();
      });
    }
    member.on('data', (chunk: Buffer) => this.#toClient.push(chunk));
    if (memberHead.length > 0) member.unshift(memberHead);
    if (clientHead.length > 0) client.unshift(clientHead);
    member.pipe(client);
    client.pipe(member);
    if (client.destroyed) member.destroy();
  }

  #halfClosed(): void {
    for (const socket of [this.#client, this.#member]) {
      socket?.setTimeout(HALF_CLOSED_MS, () => socket.destroy());
    }
  }

  /** Says 1001 to the client where a frame may be put in, and cuts both sides soon after. */
  goAway(): void {
    const [client, member] = [this.#client, this.#member];
    if (member === null) {
      client.destroy();
      return;
    }
    member.unpipe(client);
    client.unpipe(member);
    member.end();
    // What still comes is read to nowhere, so that neither side resets the other before it has read its last bytes.
    member.resume();
    client.resume();
    if (this.#toClient.atBoundary) client.end(CLOSE_GOING_AWAY);
    else client.destroy();
    const timer = setTimeout(() => {
      client.destroy();
      member.destroy();
    }, GOING_AWAY_MS / 2);
    client.once('close', () => clearTimeout(timer));
  }
}
