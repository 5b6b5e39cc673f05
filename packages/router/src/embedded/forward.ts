/** Carries one request to a member of the live pool and its answer back: never lost by us, never sent twice. */
import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
import type { Limits } from '../limits.ts';
import { PAGES, type Page, refusalPage, sendPage } from '../pages.ts';
import { Attempt } from './attempt.ts';
import type { Flights } from './flight.ts';
import { answerHeaders } from './headers.ts';
import { isSecure, type Passage } from './passage.ts';
import { pour } from './pour.ts';
import type { Inquiry } from './screen.ts';
import type { RoutedApp, Settled } from './table.ts';
import { Turn } from './turn.ts';
import { sendUpload, voidUpload, watchUpload } from './upload.ts';
import { freshAgent, type Upstream, uploadAgent } from './upstream.ts';

export interface ForwardContext {
  flights: Flights;
  limits: Limits;
  /** Called with what went wrong between router and app. */
  trouble(upstream: Upstream, error: Error): void;
  /** Called when a request of an app is over. */
  record(passage: Passage): void;
}

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  inquiry: Inquiry;
  /** Undefined: nobody owns the host. */
  app: RoutedApp | undefined;
  /** The router's own answer in place of the app's. */
  ownPage: Page | null;
  passage: Passage;
  /** The request has proven the per-start secret: its answer names the deployment. */
  proven: boolean;
  /** The client waits for 100 Continue. */
  expectsContinue: boolean;
}

/** Starts the exchange; everything else follows from events. */
export function forward(context: ForwardContext, exchange: Exchange): void {
  new Forwarding(context, exchange).start();
}

class Forwarding {
  readonly #context: ForwardContext;
  readonly #exchange: Exchange;
  #replayed = false;
  #attempt: Attempt | null = null;
  /** Null where no member is asked. */
  #turn: Turn | null = null;

  constructor(context: ForwardContext, exchange: Exchange) {
    this.#context = context;
    this.#exchange = exchange;
  }

  start(): void {
    const { request, response, inquiry, app, ownPage } = this.#exchange;
    response.once('close', () => this.#clientDone());
    if (inquiry.hasBody) {
      const gone = () => this.#attempt?.outgoing.destroy();
      watchUpload(request, response, { idleMs: this.#context.limits.uploadIdleMs, gone });
    }
    if (app === undefined) this.#page(PAGES.unknownHost);
    else if (ownPage !== null) this.#page(ownPage);
    else {
      const turn = new Turn(app, this.#context.limits, {
        settled: (choice) => this.#take(turn, choice),
        late: () => this.#page(PAGES.crowded),
      });
      this.#turn = turn;
      turn.begin();
    }
  }

  #take(turn: Turn, choice: Settled): void {
    if (choice.kind !== 'member') {
      this.#page(choice.kind === 'noMember' && turn.hasRefusals ? PAGES.unreachable : PAGES[choice.kind]);
      return;
    }
    const { upstream, deploymentId, colour } = choice;
    const { inquiry, expectsContinue, passage } = this.#exchange;
    const { limits, flights } = this.#context;
    const leave = turn.enter(upstream, flights);
    passage.given(colour, upstream.instanceId);
    const headers = expectsContinue ? [...inquiry.headers, 'Expect', '100-continue'] : inquiry.headers;
    const agent = this.#agent(upstream);
    const { method, path } = inquiry;
    try {
      this.#attempt = new Attempt({ upstream, deploymentId, method, path, headers, agent, limits, leave });
    } catch {
      leave();
      this.#page(refusalPage(400, 'The request holds characters that cannot be sent on.'));
      return;
    }
    this.#follow(this.#attempt, turn);
  }

  #agent(upstream: Upstream): Agent {
    const { inquiry } = this.#exchange;
    if (inquiry.replayable && !this.#replayed) return upstream.agent;
    return inquiry.hasLongBody ? uploadAgent : freshAgent;
  }

  #follow(attempt: Attempt, turn: Turn): void {
    const { outgoing } = attempt;
    attempt.whenConnected(this.#context.limits, () => {
      attempt.upstream.reached();
      this.#sendBody(attempt);
    });
    outgoing.once('response', (answer) => this.#answer(attempt, answer));
    outgoing.on('error', (error) => this.#failed(attempt, turn, error));
    outgoing.once('close', () => {
      // A 101 that nobody asked for ends without an error.
      if (attempt.answer === null) this.#failed(attempt, turn, new Error('closed without an answer'));
      else if (this.#exchange.response.closed) attempt.leave();
    });
    if (!this.#exchange.inquiry.hasBody) outgoing.end();
  }

  /** The body is taken from the client only once connected: until then another member could still have had it. */
  #sendBody({ outgoing }: Attempt): void {
    const { request, response, inquiry, expectsContinue, passage } = this.#exchange;
    if (!inquiry.hasBody) return;
    if (expectsContinue) {
      outgoing.once('continue', () => {
        if (!response.headersSent) response.writeContinue();
      });
      outgoing.flushHeaders();
    }
    sendUpload(request, outgoing, (bytes) => {
      passage.bytesIn += bytes;
    });
  }

  #answer(attempt: Attempt, answer: IncomingMessage): void {
    const { outgoing } = attempt;
    attempt.answer = answer;
    outgoing.socket?.setTimeout(0);
    const { request, response, inquiry, proven, expectsContinue, passage } = this.#exchange;
    // A client that was told no instead of "continue" may never send its body: the connection has no known state.
    if (expectsContinue && !request.complete) response.shouldKeepAlive = false;
    try {
      const headers = answerHeaders(answer.rawHeaders, proven ? attempt.deploymentId : null);
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
      passage.answered(answer.statusCode ?? 502, headers);
    } catch {
      this.#giveUp(attempt, PAGES.unreachable);
      outgoing.destroy();
      return;
    }
    pour(answer, response, {
      moved: (bytes) => {
        passage.bytesOut += bytes;
      },
      whole: () => {
        // Node's client takes no more of an upload once the answer is whole, and neither would most apps.
        if (!inquiry.hasBody || outgoing.writableFinished) return;
        outgoing.destroy();
        voidUpload(request, this.#context.limits.lingerMs);
      },
      broken: () => this.#breakOff(),
    });
  }

  #failed(attempt: Attempt, turn: Turn, error: Error): void {
    if (attempt !== this.#attempt) return;
    const { request, response, inquiry } = this.#exchange;
    if (attempt.answer !== null) {
      if (!attempt.answer.complete) this.#breakOff();
      else if (inquiry.hasBody) voidUpload(request, this.#context.limits.lingerMs);
      return;
    }
    if (response.destroyed) {
      this.#attempt = null;
      attempt.leave();
      return;
    }
    this.#context.trouble(attempt.upstream, error);
    const replay = inquiry.replayable && !this.#replayed && !attempt.late && attempt.unanswered;
    if (attempt.connected && !replay) {
      this.#giveUp(attempt, attempt.late ? PAGES.late : PAGES.unreachable);
      return;
    }
    attempt.leave();
    if (attempt.connected) this.#replayed = true;
    else turn.missed(attempt.upstream);
    turn.take();
  }

  #giveUp(attempt: Attempt, page: Page): void {
    this.#attempt = null;
    attempt.leave();
    this.#page(page);
  }

  #page(page: Page): void {
    const { request, response, inquiry, expectsContinue, passage } = this.#exchange;
    if (response.destroyed) return;
    if (expectsContinue) response.shouldKeepAlive = false;
    const bytes = sendPage(request, response, page);
    passage.answeredHere(page.status, bytes);
    if (inquiry.hasBody) voidUpload(request, this.#context.limits.lingerMs);
  }

  /** The app broke off in the middle: the client must be able to see that its answer is not whole. */
  #breakOff(): void {
    const { request, response } = this.#exchange;
    if (response.destroyed || response.writableFinished) return;
    // Without chunks a plain end would look like a whole body. A TLS connection can't be reset; its end shows as cut.
    if (request.httpVersionMinor === 0 && !isSecure(request)) request.socket.resetAndDestroy();
    else response.destroy();
  }

  #clientDone(): void {
    this.#turn?.leave();
    this.#context.record(this.#exchange.passage);
    const attempt = this.#attempt;
    if (attempt === null) return;
    if (!this.#exchange.response.writableFinished) attempt.outgoing.destroy();
    if (attempt.outgoing.closed) attempt.leave();
  }
}
