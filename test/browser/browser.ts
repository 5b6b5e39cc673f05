/** A real browser with a fresh profile, and what its pages complained about. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type ConsoleMessage, chromium, type Page } from 'playwright-core';

const EXECUTABLE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Missing is a failure where the tests must be complete; else they are left out, and the summary says so. */
export const hasBrowser = EXECUTABLE !== undefined || (process.env.TEAL_TEST_REQUIRE ?? '') !== '';

/**
 * Being asked who one is before signing in, and a refused sign-in, are answers the browser reports by itself. So is a request
 * that it ends because a container on this machine got or lost its network; the page asks again.
 */
const EXPECTED = /^Failed to load resource: (.*\b401\b.*\/api\/v1\/(me|session)$|net::ERR_NETWORK_CHANGED)/;

export interface Browser {
  context: BrowserContext;
  /** Opens a page whose complaints are gathered. */
  open(url: string): Promise<Page>;
  /** Errors on the pages' consoles, uncaught exceptions and breaches of the content security policy, so far. */
  complaints(): string[];
  close(): Promise<void>;
}

export async function openBrowser(): Promise<Browser> {
  if (EXECUTABLE === undefined) throw new Error('Chromium is missing: apt-get install chromium');
  const profile = await mkdtemp(join(tmpdir(), 'teal-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    args: ARGUMENTS,
    viewport: { width: 1280, height: 900 },
  });
  const complaints: string[] = [];
  // Chromium reports breaches of the policy as errors too, but not those of a policy that only reports.
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`,
  );
  const onConsole = (message: ConsoleMessage) => {
    const text = `${message.text()} ${message.location().url}`;
    if (message.type() === 'error' && !EXPECTED.test(text)) complaints.push(text);
  };
  return {
    context,
    async open(url) {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on('console', onConsole);
      page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
      await page.goto(url);
      return page;
    },
    complaints: () => [...complaints],
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
