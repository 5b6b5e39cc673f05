/** Every page for people who read with a screen reader or by keyboard: axe finds nothing serious, in light and in dark. */
import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPlatform } from '../e2e/platform.ts';
import { type Browser, hasBrowser, openBrowser } from './browser.ts';
import { ConsolePage } from './console.ts';
import { openFailure, PAGES, visit } from './pages.ts';
import { Scenery } from './scenery.ts';
import { type Scripts, watchScripts } from './transfer.ts';

describe.runIf(hasBrowser)('every page of the console', () => {
  let platform: TestPlatform;
  let scenery: Scenery;
  let browser: Browser;
  let teal: ConsolePage;
  let scripts: Scripts;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine: 'process', timing: { usageEveryMs: 1_000 } });
    scenery = new Scenery(platform);
    await scenery.raise();
    browser = await openBrowser();
    teal = new ConsolePage(await browser.open('about:blank'));
    scripts = await watchScripts(teal.page);
    await teal.page.goto(platform.consoleUrl);
    await teal.heading('Sign in').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await scenery?.remove();
    await platform?.destroy();
  });

  /** What axe finds that keeps people out, each as one line. Its script is evaluated: the pages' policy lets nobody else in. */
  async function barriers(rules: readonly string[] | null = null): Promise<string[]> {
    await teal.page.evaluate(axe.source);
    const { violations } = await teal.page.evaluate(
      (only) =>
        (globalThis as unknown as { axe: typeof axe }).axe.run({
          resultTypes: ['violations'],
          ...(only === null ? {} : { runOnly: { type: 'rule', values: only } }),
        }),
      rules === null ? null : [...rules],
    );
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
  }

  it('lets everybody sign in', async () => {
    expect(await barriers()).toEqual([]);
    await teal.signIn(platform.token);
    await teal.page.getByRole('list', { name: 'Apps' }).waitFor();
  });

  it('has loaded at most 200 kB of script for signing in and the list of apps', () => {
    expect(scripts.bytes()).toBeGreaterThan(50_000);
    expect(scripts.bytes()).toBeLessThanOrEqual(200_000);
  });

  /** All rules in light; in dark nothing but the colours differs. */
  async function expectNoBarriers(): Promise<void> {
    await teal.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    expect(await barriers()).toEqual([]);
    await teal.page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    expect(await barriers(['color-contrast'])).toEqual([]);
  }

  it.each(PAGES)('$name, in light and dark', async (stop) => {
    await visit(teal, stop);
    await expectNoBarriers();
  });

  it('a failed deployment with its log, in light and dark', async () => {
    await openFailure(teal, 'shop');
    await expectNoBarriers();
  });

  it('has had nothing to complain about', () => {
    expect(browser.complaints()).toEqual([]);
  });
});
