/** Asks the API and reads its answers with the contracts' schemas. Keeps nothing and shows nothing. */
import { errorSchema } from '@teal/contracts';
import { newIdempotencyKey } from './idempotency.ts';

/** What a schema of the contracts does here; its answer is what the schema says. */
export interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error };
}

/** Status 0: no answer came. `code` is the API's, or `unreachable`, `answer_unexpected`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(facts: { status: number; code: string; message: string }, options: { cause?: unknown } = {}) {
    super(facts.message, options);
    this.status = facts.status;
    this.code = facts.code;
  }

  /** Asking the same again may help. */
  get passing(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.code === 'idempotency_running';
  }
}

/** How often a POST that got no answer is sent again, under the same Idempotency-Key. */
const POST_RETRIES = 2;
const RETRY_AFTER_MS = 400;

/** Throws {@link ApiError}. */
export async function get<T>(path: string, schema: Schema<T>, signal?: AbortSignal): Promise<T> {
  return read(await send(path, { method: 'GET', signal }), schema);
}

/** `body` is sent as JSON. Throws {@link ApiError}. */
export async function post(path: string, body?: unknown): Promise<unknown> {
  const headers: Record<string, string> = { 'Idempotency-Key': newIdempotencyKey() };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const request = { method: 'POST', headers, body: body === undefined ? undefined : JSON.stringify(body) };
  for (let retries = 0; ; retries += 1) {
    try {
      return await send(path, request);
    } catch (error) {
      if (!(error instanceof ApiError && error.passing) || retries === POST_RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS * 2 ** retries));
    }
  }
}

/** `body` is sent as JSON. Throws {@link ApiError}. */
export function put(path: string, body: unknown): Promise<unknown> {
  return sendJson('PUT', path, body);
}

/** `body` is sent as JSON. Throws {@link ApiError}. */
export function patch(path: string, body: unknown): Promise<unknown> {
  return sendJson('PATCH', path, body);
}

function sendJson(method: string, path: string, body: unknown): Promise<unknown> {
  return send(path, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
}

/** `body` is sent as JSON. Throws {@link ApiError}. */
export async function remove(path: string, body?: unknown): Promise<void> {
  await (body === undefined ? send(path, { method: 'DELETE' }) : sendJson('DELETE', path, body));
}

/** The answer as the schema says it, or `answer_unexpected`. */
export function read<T>(answer: unknown, schema: Schema<T>): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const message = 'The platform answered something this page cannot read. Reload it: it may be out of date.';
  throw new ApiError({ status: 200, code: 'answer_unexpected', message }, { cause: parsed.error });
}

async function send(path: string, request: RequestInit): Promise<unknown> {
  const headers = { Accept: 'application/json', ...(request.headers as Record<string, string> | undefined) };
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, { ...request, headers, credentials: 'same-origin', cache: 'no-store' });
    text = await response.text();
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    const message = 'The platform does not answer. Check that Teal runs and that you are connected to it.';
    throw new ApiError({ status: 0, code: 'unreachable', message }, { cause });
  }
  const answer = parseJson(text);
  if (response.ok) return answer;
  const parsed = errorSchema.safeParse(answer);
  const said = parsed.success ? parsed.data.error : { code: 'answer_unexpected', message: sentence(response) };
  throw new ApiError({ status: response.status, code: said.code, message: said.message });
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sentence(response: Response): string {
  return `The platform answered ${response.status} without saying why. Try again in a moment.`;
}
