/** The in-memory adapters keep the same suites as the real ones: what the simulation shows holds on them too. */
import { newId } from '../conformance/store/fixture.ts';
import { MEMBER, storeConformance } from '../conformance/store.ts';
import { openMemoryStore } from './store/store.ts';

storeConformance('memory', async () => {
  const { store, database } = openMemoryStore();
  const organisationId = newId('orga');
  database.tables.members.set(organisationId, [MEMBER]);
  return { store, organisationId };
});
