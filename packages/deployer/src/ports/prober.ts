/** Port: asks over HTTP and reports what came; decides nothing. Adapter: packages/prober. */
import type { Address, ProbeAnswer } from '@teal/core';

export interface ProbeRequest {
  address: Address;
  path: string;
  /** Value of the Host header: the app's primary domain. */
  host: string;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Prober {
  /** One GET on a fresh connection: no redirect followed, the body cut. Never rejects for what the other side does. */
  probe(request: ProbeRequest): Promise<ProbeAnswer>;
  /** One proof request through the public route: the deployment that answered, or null. */
  identify(request: ProbeRequest & { secret: string }): Promise<{ deploymentId: string | null; answer: ProbeAnswer }>;
}

/** Request header that carries the per-start secret; the router strips it. */
export const PROOF_REQUEST_HEADER = 'teal-proof';
/** Answer header that names the deployment, added by the router to proof requests only. */
export const PROOF_ANSWER_HEADER = 'teal-deployment';
