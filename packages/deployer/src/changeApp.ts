/** What a person changes on an app apart from its versions: settings, deploy branch, maintenance. Deploys nothing. */
import { type App, type AppSettings, TealError } from '@teal/core';
import { setRoute } from './setRoute.ts';
import type { WorkDeps } from './workDeps.ts';

type Deps = Pick<WorkDeps, 'context' | 'keeper'>;

export interface AppChange {
  settings?: Partial<AppSettings>;
  deployBranch?: string | null;
}

/** Throws `https_off` when HTTPS is asked for and the platform has none. What the route shows is in force at once. */
export async function changeApp(deps: Deps, app: App, change: AppChange): Promise<App> {
  const { store, router } = deps.context;
  const { settings, deployBranch } = change;
  const httpsOnly = settings?.httpsOnly ?? app.settings.httpsOnly;
  if (httpsOnly && !app.settings.httpsOnly && router.secureAddress() === null) throw new TealError('https_off');
  const update = () =>
    store.apps.update(app.id, { settings: settings && { ...app.settings, ...settings }, deployBranch });
  if (httpsOnly === app.settings.httpsOnly) return update();
  return deps.keeper.exclusive(app.id, async (held) => {
    const changed = await update();
    await setRoute(held, app.id);
    return changed;
  });
}

/** Turns maintenance on or off; `page` as in the store. Done twice it changes nothing. Deployments go on meanwhile. */
export function setMaintenance(deps: Deps, app: App, change: { on: boolean; page?: string | null }): Promise<App> {
  return deps.keeper.exclusive(app.id, async (held) => {
    const { store, router } = held.context;
    const changed = await store.apps.setMaintenance(held.lease, change);
    if (change.on) await router.setMaintenancePage(app.id, await store.apps.maintenancePage(app.id));
    await setRoute(held, app.id);
    return changed;
  });
}
