/** What is set by clicks: how an app runs, its names, checks and webhooks; mails, certificates, organisations. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AppView } from '@teal/contracts';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../conformance/certificate.ts';
import { until } from '../conformance/until.ts';
import { TestPlatform } from '../e2e/platform.ts';
import { type Browser, hasBrowser, openBrowser } from './browser.ts';
import { ConsolePage } from './console.ts';
import { focused, press, tabTo } from './keyboard.ts';
import { visit } from './pages.ts';

describe.runIf(hasBrowser)('settings in the console', () => {
  let platform: TestPlatform;
  let browser: Browser;
  let teal: ConsolePage;
  let receiver: Server;
  const received: string[] = [];

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      received.push(String(request.headers['user-agent']));
      request.resume().on('end', () => response.end('thanks'));
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    platform = await TestPlatform.start({ engine: 'process', environment: { TEAL_WEBHOOK_ALLOW: '127.0.0.1' } });
    await platform.createApp('shop');
    browser = await openBrowser();
    teal = new ConsolePage(await browser.open(platform.consoleUrl));
    await teal.signIn(platform.token);
    await teal.heading('Apps').waitFor();
    await visit(teal, { path: '/apps/shop/settings', heading: 'Settings' });
  });
  afterAll(async () => {
    await browser?.close();
    await platform?.destroy();
    receiver?.close();
  });

  const app = () => platform.app('shop');
  const goTo = (name: string) => teal.page.getByRole('link', { name, exact: true }).click();
  const fill = (within: Locator, label: string | RegExp, text: string) => within.getByLabel(label).fill(text);

  /** Waits until the API says so of the app. */
  const becomes = (what: string, is: (view: AppView) => boolean) => until(what, async () => is(await app()));

  it('leads to each of its parts, by keyboard too', async () => {
    const parts = teal.page.getByRole('navigation', { name: 'On this page' }).getByRole('link');
    const words = await parts.allTextContents();
    expect(words).toEqual([
      'Variables',
      'Health checks',
      'Running',
      'Domains',
      'Maintenance',
      'Keys',
      'Webhooks',
      'Delete',
    ]);
    for (const href of await parts.evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? '')))
      expect(await teal.page.locator(href).count()).toBe(1);
    await tabTo(teal, 'Webhooks');
    await press(teal, 'Enter');
    expect(new URL(teal.page.url()).hash).toBe('#webhooks');
    expect(await teal.region('Webhooks').isVisible()).toBe(true);
    // from here the keyboard goes on in the part that was chosen
    expect((await press(teal, 'Tab')).name).toBe('Add webhook');
  });

  it('sets how many instances run with how much, and from which branch; says what cannot be', async () => {
    const running = teal.region('Running');
    await fill(running, /^Instances/, 'two');
    await running.getByRole('button', { name: 'Save settings' }).click();
    await teal.shows(running.getByRole('alert'), 'Instances: enter a number, 1 to 20');
    await fill(running, /^Instances/, '2');
    await fill(running, /^Memory of each/, '256');
    await fill(running, /^Deadline of the checks/, '45');
    await fill(running, /^Deploy branch/, 'trunk');
    await running.getByLabel(/^The version before/).selectOption('stop');
    await running.getByRole('button', { name: 'Save settings' }).click();
    await teal.shows(running, 'Saved');
    const { settings, deployBranch } = await app();
    expect(settings).toMatchObject({ scale: 2, memoryMib: 256, gateDeadlineMs: 45_000, afterFlip: 'stop' });
    expect(deployBranch).toBe('trunk');
  });

  it('sets the paths that a new version must answer', async () => {
    const checks = teal.region('Health checks');
    await fill(checks, /^Paths/, 'health');
    await teal.shows(checks, /begin.*\//);
    await fill(checks, /^Paths/, '/health\n/ready');
    await checks.getByRole('button', { name: 'Save checks' }).click();
    await until('the variables are there', async () => {
      const { body } = await platform.call<{ variables: Record<string, string> }>('GET', '/apps/shop/environment');
      return Object.values(body.variables).sort().join() === '/health,/ready';
    });
  });

  it('gives the app a name, makes it the primary one, and takes it away', async () => {
    const domains = teal.region('Domains');
    await fill(domains, 'Another name', 'shop.example.org');
    await domains.getByRole('button', { name: 'Add domain' }).click();
    await teal.button('Make shop.example.org primary').click();
    await becomes('it is primary', ({ domains: [first] }) => first?.name === 'shop.example.org' && first.primary);
    await teal.button('Remove shop.example.org').click();
    await teal.button('Remove it').click();
    await becomes('it is gone', ({ domains: all }) => all.length === 1);
    // while the question is open, the page behind it takes no text
    await teal.page.getByRole('dialog').waitFor({ state: 'detached' });
    await fill(domains, 'Another name', 'not a name');
    await domains.getByRole('button', { name: 'Add domain' }).click();
    await domains.getByRole('alert').waitFor();
  });

  it('shows a maintenance page and takes it down again', async () => {
    const maintenance = teal.region('Maintenance');
    await fill(maintenance, /^Page/, '<h1>Back at noon</h1>');
    await maintenance.getByRole('button', { name: 'Begin maintenance with this page' }).click();
    await becomes('it has begun', (view) => view.maintenance);
    const { body } = await platform.call('GET', '/apps/shop/maintenance');
    expect(body).toMatchObject({ page: '<h1>Back at noon</h1>' });
    await maintenance.getByRole('button', { name: 'End maintenance' }).click();
    await becomes('it has ended', (view) => !view.maintenance);
  });

  it('adds a webhook behind a button, sends it a test, shows what was answered, removes it', async () => {
    const webhooks = teal.region('Webhooks');
    await webhooks.getByRole('button', { name: 'Add webhook' }).click();
    expect((await focused(teal)).name).toBe('Address');
    const { port } = receiver.address() as AddressInfo;
    await fill(webhooks, 'Address', `http://127.0.0.1:${port}/hook`);
    await webhooks.getByRole('button', { name: 'Add webhook' }).click();
    await teal.shows(webhooks, 'copy it now');
    await webhooks.getByRole('button', { name: /^Send a test to / }).click();
    const deliveries = webhooks.getByRole('list', { name: /^Deliveries to / });
    await teal.shows(deliveries, 'delivered, answered 200');
    expect(received).toEqual([expect.stringMatching(/^Teal\//)]);
    await webhooks.getByRole('button', { name: /^Remove / }).click();
    await teal.button('Remove it').click();
    await webhooks.getByRole('list', { name: 'Webhooks' }).waitFor({ state: 'detached' });
  });

  it('chooses who gets which mails', async () => {
    await goTo('Organisation');
    await goTo('Notifications');
    await teal.page.getByLabel('Deployments that failed').first().selectOption('false');
    await teal.page.getByRole('checkbox', { name: 'Deployments that went live' }).click();
    const { body } = await platform.call<{ organisation: { id: string } }>('GET', '/me');
    await until('both are kept', async () => {
      const wishes = await platform.call('GET', `/organisations/${body.organisation.id}/notifications`);
      return (
        JSON.stringify(wishes.body).includes('"successes":true') &&
        JSON.stringify(wishes.body).includes('"failures":false')
      );
    });
  });

  it('takes a certificate and its key, lists what it is for, and removes it', async () => {
    const { certificate, key } = await makeCertificate({ names: ['shop.example.org'] });
    await goTo('Certificates');
    const main = teal.page.getByRole('main');
    await fill(main, /^Certificate and/, certificate);
    await fill(main, /^Private key/, 'nonsense');
    await teal.button('Add certificate').click();
    await main.getByRole('alert').waitFor();
    await fill(main, /^Private key/, key);
    await teal.button('Add certificate').click();
    const list = teal.page.getByRole('list', { name: 'Certificates' });
    await teal.shows(list, 'shop.example.org');
    await teal.button('Remove shop.example.org').click();
    await teal.button('Remove it').click();
    await until('it is gone', async () => !(await list.textContent())?.includes('shop.example.org'));
  });

  it('makes another organisation, changes over to it and back, and renames it', async () => {
    await goTo('Account');
    await teal.page.getByLabel('Name of a new organisation').fill('Workshop');
    await teal.button('Make organisation').click();
    const choice = teal.page.getByLabel('Organisation', { exact: true });
    await choice.selectOption({ label: 'Workshop' });
    await goTo('Teal: all apps');
    await teal.heading('Apps').waitFor();
    expect(await teal.page.getByRole('link', { name: 'shop', exact: true }).count()).toBe(0);
    await goTo('Organisation');
    await goTo('Settings');
    await teal.page.getByLabel('Name of the organisation').fill('Atelier');
    await teal.button('Rename').click();
    await teal.shows(choice, 'Atelier');
    await choice.selectOption({ index: 0 });
    await goTo('Teal: all apps');
    await teal.page.getByRole('link', { name: 'shop', exact: true }).waitFor();
  });

  it('has had nothing to complain about', () => {
    expect(browser.complaints().filter((text) => !/\b(400|409|422)\b/.test(text))).toEqual([]);
  });
});
