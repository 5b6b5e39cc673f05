import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { QUEUE_CONCURRENCY, queueConformance } from '../../../test/conformance/queue.ts';
import { openJobQueue } from '../src/index.ts';
import { linesLog } from './log.ts';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

queueConformance('PostgreSQL', async () => {
  const { log, lines } = linesLog();
  const schema = `q${randomUUID().replaceAll('-', '')}`;
  return {
    lines,
    open: () =>
      openJobQueue({
        backend: { kind: 'postgres', connection: postgres.server().connection, schema },
        alone: false,
        concurrency: QUEUE_CONCURRENCY,
        log,
      }),
    restart: (whileDown) => postgres.restart(whileDown),
  };
});
