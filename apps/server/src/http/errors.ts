/** Every error answer has one shape; what nobody foresaw is logged and shown as `internal` with a reference. */
import type { ErrorBody } from '@teal/contracts';
import { type ErrorCode, TealError } from '@teal/core';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { STATUS } from './status.ts';

export function errorBody(error: TealError): ErrorBody {
  const details = Object.keys(error.facts).length === 0 ? undefined : { ...error.facts };
  return { error: { code: error.code, message: error.message, details } };
}

/** Fastify's own refusals in our words. */
const FASTIFY_CODES: Record<string, [ErrorCode, Record<string, string>]> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['request_too_large', { limit: '1 MiB' }],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['media_type_unsupported', {}],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['request_invalid', { detail: 'the body is empty' }],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['request_invalid', { detail: 'Content-Length does not match the body' }],
  FST_ERR_CTP_INVALID_JSON_BODY: ['request_invalid', { detail: 'the body is not JSON' }],
  FST_ERR_BAD_URL: ['not_found', { what: 'such address' }],
};

function validationDetail(error: FastifyError): string {
  const problems = (error.validation ?? []).map((issue) => {
    const path = issue.instancePath.replace(/^\//, '').replaceAll('/', '.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  return problems.join('; ');
}

function toTealError(error: unknown): TealError | null {
  if (error instanceof TealError) return error;
  const fastifyError = error as FastifyError;
  if (fastifyError.validation !== undefined) {
    return new TealError('request_invalid', { detail: validationDetail(fastifyError) }, { cause: error });
  }
  const known = FASTIFY_CODES[fastifyError.code ?? ''];
  if (known !== undefined) return new TealError(known[0], known[1], { cause: error });
  const { statusCode } = fastifyError;
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new TealError('request_invalid', { detail: fastifyError.message }, { cause: error });
  }
  return null;
}

/** Sends any error; `internal` ones carry the request's id, under which the log has the rest. */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = toTealError(error);
  if (known === null) request.log.error({ err: error }, 'a request failed inside Teal');
  const shown = known ?? new TealError('internal', { reference: String(request.id) });
  if (STATUS[shown.code] === 401) void reply.header('www-authenticate', 'Bearer realm="Teal"');
  void reply.status(STATUS[shown.code]).type('application/json; charset=utf-8').send(errorBody(shown));
}

export function useErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
}
