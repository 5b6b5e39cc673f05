/** Carries a WebSocket: handshake to a member of the live pool, then bytes both ways until both sides have closed. */
import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { PAGES, type Page, refusalPage, sendPage } from '../pages.ts';
import { Attempt } from './attempt.ts';
import type { ForwardContext } from './forward.ts';
import { answerHeaders } from './headers.ts';
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
  tryMember(context, exchange, new Set());
}

function tryMember(context: ForwardContext, exchange: UpgradeExchange, refused: Set<Upstream>): void {
  const { client, inquiry, app } = exchange;
  const choice = choose(app, refused);
  if (choice.kind !== 'member') {
    answerPage(exchange, choice.kind === 'noMember' && refused.size > 0 ? PAGES.unreachable : PAGES[choice.kind]);
    return;
  }
  const { upstream, deploymentId } = choice;
  const { limits, flights } = context;
  const tunnel = new Tunnel(client);
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
  attempt.whenConnected(limits, () => {});
  followHandshake(exchange, attempt, tunnel, (error) => {
    context.trouble(upstream, error);
    if (attempt.connected) answerPage(exchange, attempt.late ? PAGES.late : PAGES.unreachable);
    else tryMember(context, exchange, refused.add(upstream));
  });
}

function answerPage({ request, client }: UpgradeExchange, page: Page): void {
  answerOnSocket(request, client, (response) => sendPage(request, response, page));
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
function passRefusal({ request, client }: UpgradeExchange, answer: IncomingMessage, proof: string | null): void {
  answerOnSocket(request, client, (response) => {
    try {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', answerHeaders(answer.rawHeaders, proof));
    } catch {
      // Node refuses to send some bytes that its parser takes.
      answer.destroy();
      client.destroy();
      return;
    }
    pour(answer, response, { whole: () => {}, broken: () => client.destroy() });
  });
}

function handshakeAnswer(answer: IncomingMessage, proof: string | null): Buffer {
  const headers = answerHeaders(answer.rawHeaders, proof);
  let text = `HTTP/1.1 101 ${STATUS_CODES[101]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}
