/** Text that strangers wrote, in every field that shows it: it stands on the page as text, and neither acts nor hides. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPlatform } from '../e2e/platform.ts';
import { Repository } from '../e2e/repository.ts';
import { appSource } from '../e2e/source.ts';
import { type Browser, hasBrowser, openBrowser } from './browser.ts';
import { ConsolePage } from './console.ts';
import { visit } from './pages.ts';

const TAGS = '<script>window.hit=1</script><img src=x onerror=window.hit=1>';
const BIDI = 'evil\u202ednammoc';
const LONG = 'x'.repeat(60);
/** Fits where 80 characters are allowed. */
const SHORT = `<b>${BIDI}</b>${'y'.repeat(40)}`;
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJmBBUUqr2Lx5iKB2DaUwMwKxWGs+Oq3WyGHDKXwB1r';

describe.runIf(hasBrowser)('text of strangers', () => {
  let platform: TestPlatform;
  let browser: Browser;
  let repository: Repository;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine: 'process' });
    await platform.createApp('shop');
    const me = await platform.call<{ organisation: { id: string } }>('GET', '/me');
    const organisation = `/organisations/${me.body.organisation.id}`;
    repository = await Repository.create(platform.gitUrl('shop'));
    await repository.commit(`${TAGS} ${BIDI} ${LONG.repeat(20)}`, appSource({ version: `${TAGS}${BIDI}` }));
    await repository.push();
    await platform.get('shop', `/${encodeURI(TAGS)}?<b>`);
    const made = await Promise.all([
      platform.call('PATCH', '/apps/shop/environment', { set: { [`A_${LONG}`]: TAGS + BIDI } }),
      platform.call('PUT', '/apps/shop/maintenance', { page: TAGS }),
      platform.call('POST', '/tokens', { name: SHORT }),
      platform.call('POST', `${organisation}/tokens`, { name: SHORT, app: 'shop' }),
      platform.call('POST', '/keys', { key: KEY, name: SHORT }),
      platform.call('POST', `${organisation}/invitations`, { email: `a.${LONG}@example.org`, role: 'viewer' }),
      platform.call('POST', `${organisation}/webhooks`, { url: 'http://127.0.0.1:9/<b>', name: SHORT }),
      platform.call('PATCH', organisation, { name: SHORT }),
    ]);
    expect(made.map(({ status }) => status).filter((status) => status >= 300)).toEqual([]);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await repository?.remove();
    await platform?.destroy();
  });

  it('stands on every page as text, within the width of a phone', async () => {
    const teal = new ConsolePage(await browser.open(platform.consoleUrl));
    await teal.page.setViewportSize({ width: 390, height: 844 });
    await teal.signIn(platform.token);
    await teal.heading('Apps').waitFor();
    const pages = [
      { path: '/apps/shop', heading: 'shop', shows: '<script>window.hit' },
      { path: '/apps/shop/deployments', heading: 'Deployments', shows: '<script>window.hit' },
      { path: '/apps/shop/logs?of=requests', heading: 'Logs', shows: 'GET' },
      { path: '/apps/shop/metrics', heading: 'Metrics', shows: '<script>window.hit' },
      { path: '/apps/shop/activity', heading: 'Activity', shows: 'pushed' },
      { path: '/apps/shop/settings', heading: 'Settings', shows: `A_${LONG}` },
      { path: '/organisation', heading: 'Members', shows: LONG },
      { path: '/organisation/tokens', heading: 'Tokens', shows: '<b>evil' },
      { path: '/organisation/notifications', heading: 'Notifications', shows: '<b>evil' },
      { path: '/organisation/activity', heading: 'Activity', shows: '<b>evil' },
      { path: '/account/tokens', heading: 'Tokens', shows: '<b>evil' },
      { path: '/account/keys', heading: 'SSH keys', shows: '<b>evil' },
    ];
    for (const stop of pages) {
      await visit(teal, stop);
      await teal.shows(teal.page.locator('body'), stop.shows);
      const seen = await teal.page.evaluate(() => {
        const { document, innerWidth } = globalThis as unknown as {
          document: { body: { innerText: string }; documentElement: { scrollWidth: number } };
          innerWidth: number;
        };
        return {
          hit: 'hit' in globalThis,
          reorders: /[\u202a-\u202e\u2066-\u2069]/.test(document.body.innerText),
          tooWide: document.documentElement.scrollWidth > innerWidth,
        };
      });
      expect({ path: stop.path, ...seen }).toEqual({ path: stop.path, hit: false, reorders: false, tooWide: false });
    }
    expect(browser.complaints()).toEqual([]);
  });
});
