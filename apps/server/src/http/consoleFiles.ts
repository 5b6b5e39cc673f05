/** Serves the built console: hashed assets for long, its page for every address that is no file. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { TealError } from '@teal/core';
import type { FastifyInstance } from 'fastify';
import { sendError } from './errors.ts';

const A_YEAR_S = 31_536_000;
/** Below these a wrong address is an error: whoever asks expects no page. */
const NO_PAGE = /^\/(api|assets|git)(?=$|[/?])/;

export async function serveConsole(app: FastifyInstance, dir: string | null): Promise<void> {
  const built =
    dir !== null &&
    (await access(join(dir, 'index.html')).then(
      () => true,
      () => false,
    ));
  if (!built || dir === null) {
    app.setNotFoundHandler((request, reply) =>
      sendError(new TealError('not_found', { what: 'such page (the console is not built)' }), request, reply),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root: dir,
    index: ['index.html'],
    wildcard: false,
    preCompressed: true,
    setHeaders(reply, path) {
      const hashed = path.startsWith(join(dir, 'assets'));
      reply.header('cache-control', hashed ? `public, max-age=${A_YEAR_S}, immutable` : 'no-cache');
    },
  });
  app.setNotFoundHandler((request, reply) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && !NO_PAGE.test(request.url)) return reply.status(200).sendFile('index.html');
    return sendError(new TealError('not_found', { what: 'such page' }), request, reply);
  });
}
