/** What people ask of the platform for one app, tried again until there is an answer. */
import type { Person } from './people.ts';

export const ORGANISATION = 'orga_00000000-0000-4000-8000-00000000000a';
export const MEMBER = 'ann@example.test';

export const settings = async (person: Person, change: object) => {
  const app = person.app();
  if (app !== null) await person.ask((deployer) => deployer.changeApp(app, { settings: change }));
};

export async function goLive(person: Person, commits: readonly string[]): Promise<void> {
  for (const commit of commits) {
    await person.push(commit);
    await person.until(() => person.newest()?.commit.commit === commit && person.newest()?.state === 'live');
  }
}

export const revive = (person: Person) => {
  const live = [...person.world.database.tables.deployments.values()].find(
    (row) => row.appId === person.appId && row.state === 'live',
  );
  return person.insist((deployer, app) => deployer.revive(app, { requestedBy: 'ann', expectedLive: live?.id ?? null }));
};

export const stop = (person: Person) => person.insist((deployer, app) => deployer.stopApp(app, 'ann'));
export const start = (person: Person) => person.insist((deployer, app) => deployer.startApp(app, 'ann'));
export const remove = (person: Person) => person.insist((deployer, app) => deployer.deleteApp(app));
export const redeploy = (person: Person) =>
  person.insist((deployer, app) => deployer.redeploy(app, { requestedBy: 'ann' }));

export function cancel(person: Person) {
  const id = person.newest()?.id ?? '';
  return person.insist((deployer, app) => deployer.cancel(app, { deploymentId: id, requestedBy: 'ann' }));
}
