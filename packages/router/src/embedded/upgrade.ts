/** Carries a WebSocket: handshake to a member of the live pool, then bytes both ways until both sides have closed. */
import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PAGES, type Page, refusalPage, sendPage } from '../pages.ts';
import { Attempt } from './attempt.ts';
import type { ForwardContext } from './forward.ts';
import { answerHeaders } from './headers.ts';
import type { Passage } from './passage.ts';
import { pour } from './pour.ts';
import type { Inquiry } from './screen.ts';
import { choose, type RoutedApp } from './table.ts';
import { Tunnel } from './tunnel.ts';
import { freshAgent, type Upstream } from './upstream.ts';

export interface UpgradeExchange {
  request: IncomingMessage;
  /** The client's connection, taken over from the HTTP server. */
  client: Socket;
  /** What came after the request's headers. */
  head: Buffer;
  inquiry: Inquiry;
  app: RoutedApp;
  /** The router's own answer in place of the app's. */
  ownPage: Page | null;
  passage: Passage;
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
  // What the client still sends is read to nowhere: unread bytes would turn the end into a reset.
  client.resume();
  write(response);
}

export function upgrade(context: ForwardContext, exchange: UpgradeExchange): void {
  exchange.client.on('error', () => exchange.client.destroy());
  exchange.client.setTimeout(0);
  const { passage, ownPage, client } = exchange;
  client.once('close', () => context.record(passage));
  if (ownPage !== null) answerPage(exchange, ownPage);
  else tryMember(context, exchange, new Set());
}

function tryMember(context: ForwardContext, exchange: UpgradeExchange, refused: Set<Upstream>): void {
  const { client, inquiry, app, passage } = exchange;
  // WebSockets take no place: one that stays open all day would keep a request from it.
  const choice = choose(app, { tried: refused, maxRequests: Number.POSITIVE_INFINITY });
  if (choice.kind !== 'member') {
    const unreachable = choice.kind === 'busy' || (choice.kind === 'noMember' && refused.size > 0);
    answerPage(exchange, unreachable ? PAGES.unreachable : PAGES[choice.kind]);
    return;
  }
  const { upstream, deploymentId, colour } = choice;
  const { limits, flights } = context;
  passage.given(colour, upstream.instanceId);
  const tunnel = new Tunnel(client, {
    in: (bytes) => {
      passage.bytesIn += bytes;
    },
    out: (bytes) => {
      passage.bytesOut += bytes;
    },
  });
  const leave = flights.enterWebSocket(upstream.instanceId, () => tunnel.goAway());
  const headers = [...inquiry.headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
  const { method, path } = inquiry;
  let attempt: Attempt;
  try {
    attempt = new Attempt({ upstream, deploymentId, method, path, headers, agent: freshAgent, limits, leave });
  } catch {
    leave();
    answerPage(exchange, refusalPage(400, 'The request holds characters that cannot be sent on.'));
    return;
  }
  attempt.whenConnected(limits, () => upstream.reached());
  followHandshake(exchange, attempt, tunnel, (error) => {
    context.trouble(upstream, error);
    if (attempt.connected) answerPage(exchange, attempt.late ? PAGES.late : PAGES.unreachable);
    else {
      upstream.missed(limits.memberDownMs);
      tryMember(context, exchange, refused.add(upstream));
    }
  });
}

function answerPage({ request, client, passage }: UpgradeExchange, page: Page): void {
  answerOnSocket(request, client, (response) => {
    const bytes = sendPage(request, response, page);
    passage.answeredHere(page.status, bytes);
  });
}

function followHandshake(
  exchange: UpgradeExchange,
  attempt: Attempt,
  tunnel: Tunnel,
  failed: (error: Error) => void,
): void {
  const { client } = exchange;
  const { outgoing, leave } = attempt;
  const proof = exchange.proven ? attempt.deploymentId : null;
  const gone = () => outgoing.destroy();
  client.once('close', gone);
  outgoing.once('upgrade', (answer, member, memberHead) => {
    attempt.answer = answer;
    client.removeListener('close', gone);
    client.write(handshakeAnswer(answer, proof));
    exchange.passage.answered(101, answer.rawHeaders);
    tunnel.join(member, memberHead, exchange.head, leave);
  });
  outgoing.once('response', (answer) => {
    attempt.answer = answer;
    client.once('close', leave);
    passRefusal(exchange, answer, proof);
  });
  outgoing.on('error', (error) => {
    if (attempt.answer !== null) return;
    client.removeListener('close', gone);
    leave();
    if (!client.destroyed) failed(error);
  });
  outgoing.end();
}

/** The app answered the handshake as an ordinary request. */
function passRefusal(
  { request, client, passage }: UpgradeExchange,
  answer: IncomingMessage,
  proof: string | null,
): void {
  answerOnSocket(request, client, (response) => {
    try {
      const headers = answerHeaders(answer.rawHeaders, proof);
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
      passage.answered(answer.statusCode ?? 502, headers);
    } catch {
      // Node refuses to send some bytes that its parser takes.
      answer.destroy();
      client.destroy();
      return;
    }
    const moved = (bytes: number) => {
      passage.bytesOut += bytes;
    };
    pour(answer, response, { moved, whole: () => {}, broken: () => client.destroy() });
  });
}

function handshakeAnswer(answer: IncomingMessage, proof: string | null): Buffer {
  const headers = answerHeaders(answer.rawHeaders, proof);
  let text = `HTTP/1.1 101 ${STATUS_CODES[101]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}
