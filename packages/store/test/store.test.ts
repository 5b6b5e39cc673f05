import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { type PostgresUnderTest, startPostgres } from '../../../test/conformance/postgres.ts';
import { MEMBER, storeConformance } from '../../../test/conformance/store.ts';
import { openStore } from '../src/index.ts';
import { firstRun } from './accounts.ts';

let postgres: PostgresUnderTest;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

storeConformance('PostgreSQL', async () => {
  const store = await openStore(await postgres.migrated());
  onTestFinished(() => store.close());
  const { first } = await firstRun(store, MEMBER);
  return { store, organisationId: first.organisationId };
});
