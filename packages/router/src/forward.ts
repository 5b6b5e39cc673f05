/** Carries one request to a member of the live pool and its answer back: never lost by us, never sent twice. */
import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  request as openRequest,
  type ServerResponse,
} from 'node:http';
import type { Flights, Leave } from './flight.ts';
import { answerHeaders, passedTrailers } from './headers.ts';
import type { Limits } from './limits.ts';
import { PAGES, type Page, refusalPage, sendPage } from './pages.ts';
import type { Inquiry } from './screen.ts';
import { choose, type RoutedApp } from './table.ts';
import { freshAgent, type Upstream, uploadAgent } from './upstream.ts';

export interface ForwardContext {
  flights: Flights;
  limits: Limits;
  /** Called with what went wrong between router and app. */
  trouble(upstream: Upstream, error: Error): void;
}

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  inquiry: Inquiry;
  /** Undefined: nobody owns the host. */
  app: RoutedApp | undefined;
  /** The request has proven the per-start secret: its answer names the deployment. */
  proven: boolean;
  /** The client waits for 100 Continue. */
  expectsContinue: boolean;
}

/** One try on one member. */
interface Attempt {
  upstream: Upstream;
  outgoing: ClientRequest;
  leave: Leave;
  deploymentId: string;
  /** False until the connection stands: nothing can have been sent before. */
  connected: boolean;
  /** Bytes the connection had received when this request got it. */
  bytesBefore: number;
  answer: IncomingMessage | null;
  late: boolean;
}

/** Starts the exchange; everything else follows from events. */
export function forward(context: ForwardContext, exchange: Exchange): void {
  new Forwarding(context, exchange).start();
}

class Forwarding {
  readonly #context: ForwardContext;
  readonly #exchange: Exchange;
  readonly #refused = new Set<Upstream>();
  #replayed = false;
  #attempt: Attempt | null = null;

  constructor(context: ForwardContext, exchange: Exchange) {
    this.#context = context;
    this.#exchange = exchange;
  }

  start(): void {
    const { request, response, inquiry } = this.#exchange;
    response.once('close', () => this.#clientDone());
    if (inquiry.hasBody) this.#watchUpload(request);
    this.#try(false);
  }

  /** An upload may outlive its answer, and Node then no longer tells its request that the client has gone. */
  #watchUpload(request: IncomingMessage): void {
    const { socket } = request;
    const gone = () => this.#attempt?.outgoing.destroy();
    socket.once('close', gone);
    request.once('end', () => socket.removeListener('close', gone));
    request.on('error', () => {});
    request.setTimeout(this.#context.limits.uploadIdleMs, () => socket.destroy());
    request.once('end', () => {
      if (!this.#exchange.response.writableFinished) socket.setTimeout(0);
    });
  }

  #try(fresh: boolean): void {
    const { app, inquiry, response } = this.#exchange;
    if (response.destroyed) return;
    if (app === undefined) {
      this.#page(PAGES.unknownHost);
      return;
    }
    const choice = choose(app, this.#refused);
    if (choice.kind !== 'member') {
      this.#page(choice.kind === 'noMember' && this.#refused.size > 0 ? PAGES.unreachable : PAGES[choice.kind]);
      return;
    }
    const { upstream, deploymentId } = choice;
    const leave = this.#context.flights.enterRequest(upstream.instanceId);
    let outgoing: ClientRequest;
    try {
      outgoing = openRequest({
        host: upstream.address.host,
        port: upstream.address.port,
        method: inquiry.method,
        path: inquiry.path,
        headers: this.#exchange.expectsContinue ? [...inquiry.headers, 'Expect', '100-continue'] : inquiry.headers,
        agent: this.#agent(upstream, fresh),
        timeout: this.#context.limits.answerTimeoutMs,
        maxHeaderSize: 2 * this.#context.limits.maxHeaderBytes,
      });
    } catch {
      // Node refuses to send some bytes that its parser takes.
      leave();
      this.#page(refusalPage(400, 'The request holds characters that cannot be sent on.'));
      return;
    }
    const attempt = {
      upstream,
      outgoing,
      leave,
      deploymentId,
      connected: false,
      bytesBefore: 0,
      answer: null,
      late: false,
    };
    this.#attempt = attempt;
    this.#listen(attempt);
    if (!inquiry.hasBody) outgoing.end();
  }

  #agent(upstream: Upstream, fresh: boolean): Agent {
    const { inquiry } = this.#exchange;
    if (inquiry.replayable && !fresh) return upstream.agent;
    return inquiry.hasLongBody ? uploadAgent : freshAgent;
  }

  #listen(attempt: Attempt): void {
    const { outgoing } = attempt;
    outgoing.once('socket', (socket) => {
      attempt.bytesBefore = socket.bytesRead;
      if (!socket.connecting) {
        this.#connected(attempt);
        return;
      }
      const timer = setTimeout(
        () => outgoing.destroy(new Error('no connection in time')),
        this.#context.limits.connectTimeoutMs,
      );
      outgoing.once('close', () => clearTimeout(timer));
      socket.once('connect', () => {
        clearTimeout(timer);
        this.#connected(attempt);
      });
    });
    outgoing.once('response', (answer) => this.#answer(attempt, answer));
    outgoing.once('timeout', () => {
      attempt.late = true;
      outgoing.destroy(new Error('no answer in time'));
    });
    outgoing.on('error', (error) => this.#failed(attempt, error));
    outgoing.once('close', () => {
      // A 101 that nobody asked for ends without an error.
      if (attempt.answer === null) this.#failed(attempt, new Error('closed without an answer'));
      else if (this.#exchange.response.closed) attempt.leave();
    });
  }

  /** The body is taken from the client only now: until here another member could still have had it. */
  #connected(attempt: Attempt): void {
    attempt.connected = true;
    const { request, response, inquiry, expectsContinue } = this.#exchange;
    if (!inquiry.hasBody) return;
    const { outgoing } = attempt;
    if (expectsContinue) {
      outgoing.once('continue', () => {
        if (!response.headersSent) response.writeContinue();
      });
      outgoing.flushHeaders();
    }
    request.pipe(outgoing, { end: false });
    request.once('end', () => {
      if (outgoing.destroyed) return;
      const trailers = passedTrailers(request.rawTrailers);
      if (trailers.length > 0) outgoing.addTrailers(trailers);
      outgoing.end();
    });
  }

  #answer(attempt: Attempt, answer: IncomingMessage): void {
    attempt.answer = answer;
    attempt.outgoing.socket?.setTimeout(0);
    const { response, proven, expectsContinue, request } = this.#exchange;
    // A client that was told no instead of "continue" may never send its body: the connection has no known state.
    if (expectsContinue && !request.complete) response.shouldKeepAlive = false;
    try {
      const headers = answerHeaders(answer.rawHeaders, proven ? attempt.deploymentId : null);
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
    } catch (cause) {
      attempt.outgoing.destroy(new Error('the answer holds characters that cannot be sent on', { cause }));
      this.#page(PAGES.unreachable);
      return;
    }
    this.#pour(answer, response);
  }

  #pour(answer: IncomingMessage, response: ServerResponse): void {
    let begun = false;
    const resume = () => answer.resume();
    answer.on('data', (chunk: Buffer) => {
      begun = true;
      if (!response.write(chunk)) {
        answer.pause();
        response.once('drain', resume);
      }
    });
    answer.once('end', () => {
      if (!answer.complete) return;
      if (answer.rawTrailers.length > 0) response.addTrailers(passedTrailers(answer.rawTrailers));
      response.end();
      // Node's client takes no more of an upload once the answer is whole, and neither would most apps.
      if (!this.#exchange.request.complete) {
        this.#attempt?.outgoing.destroy();
        this.#void();
      }
    });
    answer.once('close', () => {
      if (!answer.complete) this.#breakOff();
    });
    // An event stream's headers must not wait for its first event; a body that came with them goes out in one write.
    process.nextTick(() => {
      if (!begun && !answer.complete) response.flushHeaders();
    });
  }

  /** The app broke off in the middle: the client must be able to see that its answer is not whole. */
  #breakOff(): void {
    const { request, response } = this.#exchange;
    if (response.destroyed || response.writableFinished) return;
    // Without chunks a plain end would look like a whole body.
    if (request.httpVersionMinor === 0) request.socket.resetAndDestroy();
    else response.destroy();
  }

  #failed(attempt: Attempt, error: Error): void {
    const { response, inquiry } = this.#exchange;
    if (attempt !== this.#attempt) return;
    if (attempt.answer !== null) {
      if (!attempt.answer.complete) this.#breakOff();
      else this.#void();
      return;
    }
    this.#attempt = null;
    attempt.leave();
    if (response.destroyed) return;
    this.#context.trouble(attempt.upstream, error);
    const unanswered = (attempt.outgoing.socket?.bytesRead ?? attempt.bytesBefore) === attempt.bytesBefore;
    if (!attempt.connected) {
      this.#refused.add(attempt.upstream);
      this.#try(false);
    } else if (inquiry.replayable && !this.#replayed && !attempt.late && unanswered) {
      this.#replayed = true;
      this.#try(true);
    } else {
      this.#page(attempt.late ? PAGES.late : PAGES.unreachable);
    }
  }

  #page(page: Page): void {
    const { request, response, expectsContinue } = this.#exchange;
    if (response.destroyed || response.headersSent) {
      this.#breakOff();
      return;
    }
    if (expectsContinue) response.shouldKeepAlive = false;
    sendPage(request, response, page);
    this.#void();
  }

  /** Reads the rest of an upload to nowhere, for a while, so that the client gets to read its answer. */
  #void(): void {
    const { request } = this.#exchange;
    if (request.complete) return;
    request.unpipe();
    request.resume();
    const { socket } = request;
    const timer = setTimeout(() => socket.destroy(), this.#context.limits.lingerMs);
    const clear = () => clearTimeout(timer);
    socket.once('close', clear);
    request.once('end', clear);
  }

  #clientDone(): void {
    const attempt = this.#attempt;
    if (attempt === null) return;
    if (!this.#exchange.response.writableFinished) attempt.outgoing.destroy();
    if (attempt.outgoing.closed) attempt.leave();
  }
}
