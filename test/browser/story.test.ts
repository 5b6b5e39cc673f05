/** The main story as a person sees it in a browser: pushes, pools, a failure, and the way back. */
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { TestPlatform } from '../e2e/platform.ts';
import { Repository } from '../e2e/repository.ts';
import { appSource } from '../e2e/source.ts';
import { type Browser, hasBrowser, openBrowser } from './browser.ts';
import { ConsolePage } from './console.ts';

const short = (commit: string) => commit.slice(0, 7);

describe.runIf(hasBrowser)('the console in a browser', () => {
  let platform: TestPlatform;
  let browser: Browser;
  let repository: Repository;
  let teal: ConsolePage;
  let one = '';
  let two = '';
  /** The second version answers once it is there. */
  const goFile = join(tmpdir(), `teal-go-${process.pid}-${Date.now()}`);

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine: 'process' });
    browser = await openBrowser();
    teal = new ConsolePage(await browser.open(platform.consoleUrl));
    repository = await Repository.create(platform.gitUrl('shop'));
  });
  afterAll(async () => {
    await repository?.remove();
    await browser?.close();
    await platform?.destroy();
    await rm(goFile, { force: true });
  });

  it('refuses a wrong token with a sentence, and takes the right one', async () => {
    await teal.heading('Sign in').waitFor();
    await teal.signIn('teal_not-a-token');
    await teal.shows(teal.page.locator('form'), 'The token is not valid');
    await teal.signIn(platform.token);
    await teal.heading('Apps').waitFor();
  });

  it('creates an app and says how to push to it', async () => {
    await teal.createApp('shop');
    const steps = await teal.shows(teal.region('First push'), 'git remote add');
    expect(steps).toContain(`${platform.consoleUrl}/git/shop.git`);
    expect(new URL(teal.page.url()).pathname).toBe('/apps/shop');
  });

  it('follows the first push to its end', async () => {
    one = await repository.commit('version one', appSource({ version: 'v1' }));
    const push = repository.push();
    await teal.shows(teal.result(), `${short(one)} is live`, 90_000);
    expect((await push).stderr).toContain('is live at');
    await teal.traffic('Traffic: blue 100 %, green 0 %');
    await teal.shows(teal.region('Blue pool'), /version one.*instance 0.*running/s);
    const address = await teal.page.getByRole('link', { name: /^shop\.teal\.localhost/ }).getAttribute('href');
    const app = await browser.context.newPage();
    await app.goto(address ?? '');
    expect(await app.textContent('body')).toBe('version v1\n');
    await app.close();
  });

  it('shows the running deployment and its log while the push still runs', async () => {
    await platform.call('PATCH', '/apps/shop', { settings: { gateDeadlineMs: 110_000 } });
    const waits = `while (!require('node:fs').existsSync(${JSON.stringify(goFile)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);`;
    two = await repository.commit('version two', appSource({ version: 'v2', before: waits }));
    const push = repository.start('push', 'clever', 'main');
    await teal.shows(teal.region('Current deployment'), 'Running deployment');
    await teal.shows(teal.page.getByRole('log', { name: 'Log lines' }), 'nothing accepts connections on the port yet');
    await teal.shows(teal.region('Green pool'), 'starting');
    expect(push.child.exitCode).toBeNull();
    expect(await teal.button('Start last pushed commit').isDisabled()).toBe(true);
    await teal.traffic('Traffic: blue 100 %, green 0 %');
    await writeFile(goFile, '');
    await teal.shows(teal.result(), `${short(two)} is live`, 60_000);
    expect((await push.result).stderr).toContain('is live at');
  });

  it('shows both pools: the new one live, the old one asleep', async () => {
    await teal.traffic('Traffic: blue 0 %, green 100 %');
    await teal.shows(teal.region('Blue pool'), /asleep.*version one/s);
    await teal.shows(teal.region('Green pool'), /live.*version two/s);
  });

  it('says why a push failed and what still serves', async () => {
    const three = await repository.commit('version three is broken', appSource({ version: 'v3', status: 500 }));
    await platform.call('PATCH', '/apps/shop', { settings: { gateDeadlineMs: 2_000 } });
    await repository.push();
    await teal.shows(teal.result(), /failed while probing.*GET \/ answered 500/s);
    const note = teal.page.getByRole('alert');
    await teal.shows(note, `failed while probing: ${short(three)}`);
    await teal.shows(note, `${short(two)} still serves`);
    await teal.traffic('Traffic: blue 0 %, green 100 %');
    expect((await platform.get('shop')).text).toBe('version v2\n');
  });

  it('says which command of a build failed', async () => {
    await repository.commit('version four does not build', appSource({ version: 'v4', build: 'node missing.js' }));
    await repository.push();
    await teal.shows(teal.result(), /failed while building.*npm run build/s);
    await teal.shows(teal.page.getByRole('alert'), `${short(two)} still serves`);
  });

  it('starts the last pushed commit again', async () => {
    const button = teal.button('Start last pushed commit');
    const offer = await button.evaluate((element) => {
      const page = element as unknown as { ownerDocument: { getElementById(id: string): { textContent: string } } };
      const id = (element as unknown as { getAttribute(name: string): string }).getAttribute('aria-describedby');
      return page.ownerDocument.getElementById(id).textContent;
    });
    expect(offer).toMatch(new RegExp(`^starts ${short(one)}, version of .*asleep.*; not the failed`));
    await button.click();
    const dialog = teal.page.getByRole('dialog', { name: 'Start last pushed commit?' });
    await teal.shows(dialog, /version one.*version two/s);
    await dialog.getByRole('button', { name: `Start ${short(one)}` }).click();
    await teal.shows(teal.result(), `${short(one)} is live`);
    await teal.traffic('Traffic: blue 100 %, green 0 %');
    await teal.shows(teal.region('Green pool'), /asleep.*version two/s);
    expect((await platform.get('shop')).text).toBe('version v1\n');
  });

  it('shows what strangers wrote as text', async () => {
    const message = '<script>alert(1)</script> \u001b[31mred \u202eevil';
    await repository.commit(message, appSource({ version: 'v4' }));
    await repository.push();
    const row = teal.page.getByRole('list', { name: 'Deployments' }).getByRole('listitem').first();
    const text = await teal.shows(row, '<script>alert(1)</script>');
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(await row.locator('script').count()).toBe(0);
  });

  it('opens a deployment at its own address, also after a reload', async () => {
    const links = teal.page.getByRole('list', { name: 'Deployments' }).getByRole('link');
    await links.filter({ hasText: 'version two' }).last().click();
    await teal.shows(teal.page.getByRole('status', { name: 'Log state' }), 'complete');
    await teal.page.reload();
    await teal.shows(teal.heading(/version two/), short(two));
    await teal.shows(teal.page.getByRole('log', { name: 'Log lines' }), 'answers from this version');
    await teal.page.goBack();
    await teal.heading('shop').waitFor();
  });

  it('keeps a variable hidden, and says that it waits for a redeploy', async () => {
    await teal.page.getByRole('link', { name: 'Settings', exact: true }).click();
    await teal.region('Variables').getByRole('textbox', { name: 'Name', exact: true }).fill('PAYMENT_KEY');
    await teal.page.getByLabel('Value', { exact: true }).fill('pk_<b>secret</b>');
    await teal.button('Add variable').click();
    const variables = teal.page.getByRole('list', { name: 'Variables' });
    await teal.shows(variables, 'PAYMENT_KEY');
    expect(await variables.textContent()).not.toContain('secret');
    await teal.button('Show PAYMENT_KEY').click();
    await teal.shows(variables, 'pk_<b>secret</b>');
    await teal.shows(teal.page.getByRole('main'), 'Restart needed');
    expect((await platform.call('GET', '/apps/shop/environment')).body).toMatchObject({
      variables: { PAYMENT_KEY: 'pk_<b>secret</b>' },
      pending: true,
    });
  });

  it('shows what the instances write and who asks them, as it happens', async () => {
    await teal.page.getByRole('link', { name: 'Logs', exact: true }).click();
    const lines = teal.page.getByRole('log', { name: 'Log lines' });
    await teal.shows(lines, 'listening');
    await teal.page.getByRole('link', { name: 'Requests', exact: true }).click();
    await teal.shows(teal.page.getByRole('status', { name: 'Log state' }), 'live');
    await platform.get('shop', '/seen?<i>');
    await teal.shows(lines, /200 GET shop\.teal\.localhost\/seen\?/);
    await teal.page.getByRole('link', { name: 'Overview', exact: true }).click();
    await teal.region('Pools').waitFor();
  });

  it('has had nothing to complain about', () => {
    expect(browser.complaints()).toEqual([]);
  });

  it('tells when the connection is lost, and finds the platform again after a restart', async () => {
    const status = teal.page.getByRole('status', { name: 'Connection' });
    const restarted = platform.restart();
    await teal.shows(status, 'connection to Teal is lost');
    await restarted;
    await until('the page is connected again', async () => (await status.textContent()) === '', 30_000);
    await repository.commit('version five', appSource({ version: 'v5' }));
    await repository.push();
    await teal.shows(teal.page.getByRole('list', { name: 'Deployments' }), 'version five');
  });

  it('ends the session on signing out', async () => {
    const { consoleUrl } = platform;
    const [cookie] = await browser.context.cookies(consoleUrl);
    expect(cookie).toMatchObject({ name: 'teal_session', httpOnly: true, sameSite: 'Strict' });
    const ask = () =>
      fetch(`${consoleUrl}/api/v1/me`, { headers: { cookie: `${cookie?.name}=${cookie?.value}` } }).then(
        ({ status }) => status,
      );
    expect(await ask()).toBe(200);
    await teal.button('Sign out').click();
    await teal.heading('Sign in').waitFor();
    expect(await ask()).toBe(401);
    expect(await browser.context.cookies(consoleUrl)).toEqual([]);
  });
});
