/** An app's own domains: judged, given to one app only, and in force in the router before the answer. */
import { type App, defaultHost, isPlatformHost, readDomain, TealError } from '@teal/core';
import type { WorkDeps } from './workDeps.ts';

type Deps = Pick<WorkDeps, 'context' | 'keeper'>;

/** The name as it is kept; throws `domain_invalid`, `domain_reserved`. */
function ownName({ context: { settings } }: Deps, app: App, text: string): string {
  const read = readDomain(text);
  if (read.kind === 'refused') throw new TealError('domain_invalid', { name: text.slice(0, 80), detail: read.why });
  const { name } = read;
  const isOwnDefault = name === defaultHost(app, settings.domain);
  const platform = { domain: settings.domain, reserved: settings.reservedHosts };
  if (!isOwnDefault && isPlatformHost(name, platform)) throw new TealError('domain_reserved', { name });
  return name;
}

/**
 * Gives the app a domain; one that it has stays, `primary` then changes what it says. The app's default host is always
 * there: to make it primary is to unmake the other one. Throws `domain_invalid`, `domain_reserved`, `domain_taken`.
 */
export function addDomain(deps: Deps, app: App, domain: { name: string; primary?: boolean }): Promise<App> {
  const { settings } = deps.context;
  const name = ownName(deps, app, domain.name);
  return deps.keeper.exclusive(app.id, async ({ lease, context: { store, router } }) => {
    if (name === defaultHost(app, settings.domain))
      return domain.primary === true ? store.domains.clearPrimary(lease) : app;
    // The row first: it alone makes the name this app's.
    const changed = await store.domains.add(lease, { name, primary: domain.primary });
    await router.setHosts(app.id, settings.hostsOf(changed));
    return changed;
  });
}

/** Throws `domain_not_found`, `domain_default`. */
export function removeDomain(deps: Deps, app: App, text: string): Promise<App> {
  const { settings } = deps.context;
  const read = readDomain(text);
  const name = read.kind === 'domain' ? read.name : text.slice(0, 80);
  if (name === defaultHost(app, settings.domain)) throw new TealError('domain_default', { name });
  return deps.keeper.exclusive(app.id, async ({ lease, context: { store, router } }) => {
    const now = await store.apps.get(app.id);
    if (now === null || now.domains.every((domain) => domain.name !== name))
      throw new TealError('domain_not_found', { name });
    // The router first: once the row is gone, another app may take the name.
    const left = { ...now, domains: now.domains.filter((domain) => domain.name !== name) };
    await router.setHosts(app.id, settings.hostsOf(left));
    return (await store.domains.remove(lease, name)) ?? left;
  });
}
