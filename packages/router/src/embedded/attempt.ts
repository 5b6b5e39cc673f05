/** One try of one request on one member: opens it and follows its connection. Decides nothing about a next try. */
import { type Agent, type ClientRequest, type IncomingMessage, request as openRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../limits.ts';
import type { Leave } from './flight.ts';
import type { Upstream } from './upstream.ts';

export interface AttemptOptions {
  upstream: Upstream;
  deploymentId: string;
  method: string;
  path: string;
  /** Raw pairs. */
  headers: string[];
  agent: Agent;
  limits: Limits;
  leave: Leave;
}

export class Attempt {
  readonly upstream: Upstream;
  readonly deploymentId: string;
  readonly outgoing: ClientRequest;
  /** Ends the count of it in flight. */
  readonly leave: Leave;
  answer: IncomingMessage | null = null;
  /** False until the connection stands: nothing can have been sent before. */
  connected = false;
  /** The app had the request and did not begin to answer in time. */
  late = false;
  /** Bytes the connection had received when this request got it. */
  #bytesBefore = 0;

  /** Throws where the request holds bytes that Node does not send; nothing has been opened then. */
  constructor(options: AttemptOptions) {
    const { upstream, method, path, headers, agent, limits } = options;
    this.upstream = upstream;
    this.deploymentId = options.deploymentId;
    this.leave = options.leave;
    this.outgoing = openRequest({
      host: upstream.address.host,
      port: upstream.address.port,
      method,
      path,
      headers,
      agent,
      timeout: limits.answerTimeoutMs,
      maxHeaderSize: 2 * limits.maxHeaderBytes,
    });
    this.outgoing.once('timeout', () => {
      this.late = true;
      this.outgoing.destroy(new Error('no answer in time'));
    });
  }

  /** Calls `then` once, when the connection stands; a connection that does not stand in time is an error of `outgoing`. */
  whenConnected(limits: Limits, then: () => void): void {
    const { outgoing } = this;
    outgoing.once('socket', (socket: Socket) => {
      this.#bytesBefore = socket.bytesRead;
      const connected = () => {
        this.connected = true;
        then();
      };
      if (!socket.connecting) {
        connected();
        return;
      }
      const late = () => outgoing.destroy(new Error('no connection in time'));
      const timer = setTimeout(late, limits.connectTimeoutMs);
      outgoing.once('close', () => clearTimeout(timer));
      socket.once('connect', () => {
        clearTimeout(timer);
        connected();
      });
    });
  }

  /** True when not a single byte of an answer has come. */
  get unanswered(): boolean {
    return (this.outgoing.socket?.bytesRead ?? this.#bytesBefore) === this.#bytesBefore;
  }
}
