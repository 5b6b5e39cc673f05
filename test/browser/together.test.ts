/** Two people at one app: one walks by keyboard alone, the other watches, and both see the same without a reload. */
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
import { focused, press, tabTo } from './keyboard.ts';

const short = (commit: string) => commit.slice(0, 7);

describe.runIf(hasBrowser)('two browsers at one app', () => {
  let platform: TestPlatform;
  let repository: Repository;
  let browsers: Browser[] = [];
  /** Never touches the mouse. */
  let walker: ConsolePage;
  let watcher: ConsolePage;
  let one = '';
  const goFile = join(tmpdir(), `teal-go-${process.pid}-${Date.now()}`);

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine: 'process' });
    repository = await Repository.create(platform.gitUrl('shop'));
    browsers = await Promise.all([openBrowser(), openBrowser()]);
    [walker, watcher] = (await Promise.all(
      browsers.map(async (browser) => new ConsolePage(await browser.open(platform.consoleUrl))),
    )) as [ConsolePage, ConsolePage];
  });
  afterAll(async () => {
    await repository?.remove();
    await Promise.all(browsers.map((browser) => browser.close()));
    await platform?.destroy();
    await rm(goFile, { force: true });
  });

  const both = (look: (teal: ConsolePage) => Promise<unknown>) => Promise.all([walker, watcher].map(look));

  it('signs in by keyboard, in the field that has the focus', async () => {
    await walker.heading('Sign in').waitFor();
    await until('the field has the focus', async () => (await focused(walker)).name === 'API token');
    await walker.page.keyboard.type(platform.token);
    await walker.page.keyboard.press('Enter');
    await walker.heading('Apps').waitFor();
    await watcher.signIn(platform.token);
    await watcher.heading('Apps').waitFor();
  });

  it('creates an app by keyboard, in a dialog that holds the focus and gives it back', async () => {
    await tabTo(walker, 'Skip to content');
    await tabTo(walker, 'Create app');
    await press(walker, 'Enter');
    const dialog = walker.page.getByRole('dialog', { name: 'Create an app' });
    await dialog.waitFor();
    expect(await focused(walker)).toMatchObject({ name: 'Name', inDialog: true });
    const seen = new Set<string>();
    for (let i = 0; i < 8; i += 1) {
      const { name, inDialog, inPage } = await press(walker, 'Tab');
      // beyond its last control the browser's own come; the page behind never does
      expect(inDialog || !inPage).toBe(true);
      seen.add(name);
    }
    expect([...seen]).toEqual(expect.arrayContaining(['Name', 'Create']));
    await walker.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect((await focused(walker)).name).toBe('Create app');
    await press(walker, 'Enter');
    await walker.page.keyboard.type('shop');
    await walker.page.keyboard.press('Enter');
    await walker.heading('shop').waitFor();
    const link = watcher.page.getByRole('list', { name: 'Apps' }).getByRole('link', { name: 'shop', exact: true });
    await link.click();
    await watcher.heading('shop').waitFor();
  });

  it('shows a push to both as it goes, and its end', async () => {
    one = await repository.commit('version one', appSource({ version: 'v1' }));
    const push = repository.push();
    await both((teal) => teal.shows(teal.result(), `${short(one)} is live`, 90_000));
    await push;
    await both((teal) => teal.traffic('Traffic: blue 100 %, green 0 %'));
  });

  it('shows to one what the other cancels, while its push waits', async () => {
    const waits = `while (!require('node:fs').existsSync(${JSON.stringify(goFile)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);`;
    const two = await repository.commit('version two hangs', appSource({ version: 'v2', before: waits }));
    const push = repository.start('push', 'clever', 'main');
    await both(async (teal) => {
      await teal.shows(teal.region('Current deployment'), 'Running deployment');
      await teal.shows(
        teal.page.getByRole('log', { name: 'Log lines' }),
        'nothing accepts connections on the port yet',
      );
      await teal.shows(teal.result(), `${short(two)} is probing`);
    });
    await watcher.button('Cancel deployment').click();
    await both((teal) => teal.shows(teal.result(), new RegExp(`${short(two)} was cancelled after .*`)));
    expect((await push.result).stderr).toContain('cancelled');
    await both((teal) => teal.traffic('Traffic: blue 100 %, green 0 %'));
    await writeFile(goFile, '');
  });

  it('starts the last pushed commit by keyboard, asked first, and both see it live', async () => {
    const three = await repository.commit('version three', appSource({ version: 'v3' }));
    await repository.push();
    await both((teal) => teal.shows(teal.result(), `${short(three)} is live`));
    await until('the button can be pressed', () => walker.button('Start last pushed commit').isEnabled());
    await tabTo(walker, 'Start last pushed commit');
    await press(walker, 'Enter');
    const dialog = walker.page.getByRole('dialog', { name: 'Start last pushed commit?' });
    await dialog.waitFor();
    expect((await focused(walker)).name).toBe('Not now');
    await press(walker, 'Space');
    await dialog.waitFor({ state: 'detached' });
    expect((await focused(walker)).name).toBe('Start last pushed commit');
    expect((await platform.get('shop')).text).toBe('version v3\n');
    await press(walker, 'Enter');
    await tabTo(walker, `Start ${short(one)}`);
    await press(walker, 'Enter');
    await both((teal) => teal.shows(teal.result(), `${short(one)} is live`));
    await both((teal) => teal.traffic('Traffic: blue 100 %, green 0 %'));
    expect((await platform.get('shop')).text).toBe('version v1\n');
    expect((await focused(walker)).name).toBe('Start last pushed commit');
  });

  it('has had nothing to complain about', () => {
    expect(browsers.flatMap((browser) => browser.complaints())).toEqual([]);
  });
});
