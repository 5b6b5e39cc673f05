/** Every page of the console with the addresses it has in the scenery, for what looks at all of them. */
import type { ConsolePage } from './console.ts';

export interface PageStop {
  name: string;
  path: string;
  /** A heading that stands on it once it is whole. */
  heading: string | RegExp;
}

export const PAGES: readonly PageStop[] = [
  { name: 'apps', path: '/', heading: 'Apps' },
  { name: 'overview', path: '/apps/shop', heading: 'shop' },
  { name: 'first-push', path: '/apps/landing', heading: 'landing' },
  { name: 'deployments', path: '/apps/shop/deployments', heading: 'Deployments' },
  { name: 'logs', path: '/apps/shop/logs', heading: 'Logs' },
  { name: 'metrics', path: '/apps/shop/metrics', heading: 'Metrics' },
  { name: 'activity', path: '/apps/shop/activity', heading: 'Activity' },
  { name: 'settings', path: '/apps/shop/settings', heading: 'Settings' },
  { name: 'members', path: '/organisation', heading: 'Members' },
  { name: 'notifications', path: '/organisation/notifications', heading: 'Notifications' },
  { name: 'organisation', path: '/organisation/settings', heading: 'Settings' },
  { name: 'certificates', path: '/certificates', heading: 'Certificates' },
  { name: 'account', path: '/account', heading: 'Sign-in' },
  { name: 'tokens', path: '/account/tokens', heading: 'Tokens' },
  { name: 'keys', path: '/account/keys', heading: 'SSH keys' },
];

/** Opens a page and waits until nothing is loading on it. Event streams stay open, so the network is never idle. */
export async function visit(teal: ConsolePage, stop: Pick<PageStop, 'path' | 'heading'>): Promise<void> {
  await teal.page.goto(new URL(stop.path, teal.page.url()).href);
  await teal.heading(stop.heading).first().waitFor();
  await teal.page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
}

/** The newest failed deployment of an app, by the link in its history. */
export async function openFailure(teal: ConsolePage, app: string): Promise<void> {
  await visit(teal, { path: `/apps/${app}/deployments`, heading: 'Deployments' });
  await teal.page
    .getByRole('link', { name: /Pay with cards/ })
    .first()
    .click();
  await teal.page.getByRole('log', { name: 'Log lines' }).waitFor();
}
