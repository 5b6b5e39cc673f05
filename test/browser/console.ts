/** The console as a person uses it: by the names and roles of what is on the page. */
import type { Locator, Page } from 'playwright-core';
import { until } from '../conformance/until.ts';

export class ConsolePage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  region(name: string): Locator {
    return this.page.getByRole('region', { name, exact: true });
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { name, exact: true });
  }

  async signIn(token: string): Promise<void> {
    await this.page.getByLabel('API token').fill(token);
    await this.button('Sign in').click();
  }

  async createApp(name: string): Promise<void> {
    await this.button('Create app').click();
    const dialog = this.page.getByRole('dialog', { name: 'Create an app' });
    await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await this.heading(name).waitFor();
  }

  /** Waits until `locator` is on the page with this text in it. */
  async shows(locator: Locator, text: string | RegExp, deadlineMs = 15_000): Promise<string> {
    let seen = '';
    return until(
      `the page shows ${text}`,
      async () => {
        seen = (await locator.count()) === 0 ? '' : ((await locator.first().textContent()) ?? '');
        return (typeof text === 'string' ? seen.includes(text) : text.test(seen)) && seen;
      },
      deadlineMs,
    ).catch((cause) => {
      throw new Error(`the page shows "${seen}", not ${text}`, { cause });
    });
  }

  /** How the traffic bar describes itself, for instance `Traffic: blue 0 %, green 100 %`. */
  async traffic(words: string): Promise<void> {
    await this.page.getByRole('img', { name: words, exact: true }).waitFor();
  }

  /** The state an app's last deployment ended in, as the page says it. */
  result(): Locator {
    return this.region('Current deployment').getByRole('status', { name: 'Result' });
  }
}
