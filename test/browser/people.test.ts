/** People by clicks: passwords, second factor, forgotten password, invitations, roles, tokens, keys, the record of it all. */
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../conformance/until.ts';
import { TestPlatform } from '../e2e/platform.ts';
import { type Browser, hasBrowser, openBrowser } from './browser.ts';
import { ConsolePage } from './console.ts';

const PASSWORD = 'a horse that counts to eleven';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFJmBBUUqr2Lx5iKB2DaUwMwKxWGs+Oq3WyGHDKXwB1r ada@laptop';

describe.runIf(hasBrowser)('people in the console', () => {
  let platform: TestPlatform;
  let browser: Browser;
  let other: Browser;
  let admin: ConsolePage;
  let ada: ConsolePage;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine: 'process' });
    await platform.createApp('shop');
    [browser, other] = await Promise.all([openBrowser(), openBrowser()]);
    admin = new ConsolePage(await browser.open(platform.consoleUrl));
    await admin.signIn(platform.token);
    await admin.heading('Apps').waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await other?.close();
    await platform?.destroy();
  });

  const goTo = (teal: ConsolePage, name: string) => teal.page.getByRole('link', { name, exact: true }).click();
  const fill = (teal: ConsolePage, label: string, text: string) =>
    teal.page.getByLabel(label, { exact: true }).fill(text);

  async function signOut(teal: ConsolePage): Promise<void> {
    await teal.button('Sign out').click();
    await teal.heading('Sign in').waitFor();
  }

  async function signInByPassword(teal: ConsolePage, email: string, password: string): Promise<void> {
    await fill(teal, 'E-mail address', email);
    await fill(teal, 'Password', password);
    await teal.button('Sign in').click();
  }

  /** The link in the newest mail to this address. */
  function linkTo(email: string, kind: string): Promise<string> {
    return until(`a mail to ${email}`, async () => {
      const mail = (await platform.mails()).find(({ to, text }) => to.includes(email) && text.includes(`/${kind}#`));
      return mail?.text.match(/http\S+#\S+/)?.[0];
    });
  }

  it('asks who came in by a token to set a password, with which they sign in', async () => {
    await goTo(admin, 'Set a password');
    await fill(admin, 'New password', PASSWORD);
    await admin.button('Set password').click();
    await admin.shows(admin.page.getByRole('main'), 'The password is set');
    await signOut(admin);
    await signInByPassword(admin, 'admin@teal.localhost', 'wrong');
    await admin.shows(admin.page.locator('form'), 'do not fit together');
    await signInByPassword(admin, 'admin@teal.localhost', PASSWORD);
    await admin.heading('Sign-in').waitFor();
  });

  it('turns on a second factor and asks for its code', async () => {
    await fill(admin, 'Your password, once more', PASSWORD);
    await admin.button('Turn on').click();
    await admin.page.getByRole('img', { name: 'The secret as a QR code' }).waitFor();
    const secret = (await admin.page.locator('form code').first().textContent()) ?? '';
    const totp = new TOTP({ secret });
    await fill(admin, 'Code of the app', totp.generate());
    await admin.button('Confirm').click();
    const list = admin.page.getByRole('list', { name: 'Recovery codes' });
    await list.waitFor();
    const codes = await list.getByRole('listitem').allTextContents();
    expect(codes.length).toBeGreaterThan(4);
    await signOut(admin);
    await signInByPassword(admin, 'admin@teal.localhost', PASSWORD);
    await fill(admin, 'Code', '000000');
    await admin.button('Sign in').click();
    await admin.shows(admin.page.locator('form'), 'The code is wrong');
    await fill(admin, 'Code', codes[0] ?? '');
    await admin.button('Sign in').click();
    await admin.heading('Sign-in').waitFor();
  });

  it('invites somebody, who joins with a new account and is offered what the role may do only', async () => {
    await goTo(admin, 'Organisation');
    await fill(admin, 'E-mail address', 'ada@example.org');
    await admin.page.getByLabel('Role', { exact: true }).selectOption('viewer');
    await admin.button('Send invitation').click();
    await admin.shows(admin.page.getByRole('list', { name: 'Invitations' }), 'ada@example.org');
    ada = new ConsolePage(await other.open(await linkTo('ada@example.org', 'invitation')));
    await ada.shows(ada.page.locator('form'), /invited to .* as viewer/);
    await fill(ada, 'Your name', 'Ada <b>Lovelace</b>');
    await fill(ada, 'New password', PASSWORD);
    await ada.button('Join').click();
    await ada.heading('Apps').waitFor();
    await ada.page.getByRole('link', { name: /shop/ }).first().click();
    await ada.heading('shop').waitFor();
    expect(await ada.button('Create app').count()).toBe(0);
    const pages = await ada.page.getByRole('navigation', { name: 'Pages of shop' }).getByRole('link').allTextContents();
    expect(pages).not.toContain('Settings');
  });

  it('gives a member another role, which the member sees', async () => {
    await admin.page.reload();
    await admin.page.getByLabel('Role of Ada <b>Lovelace</b>').selectOption('developer');
    await until('ada is a developer', async () => {
      await ada.page.reload();
      await ada.heading('shop').waitFor();
      return (await ada.page.getByRole('link', { name: 'Settings', exact: true }).count()) === 1;
    });
  });

  it('shows a new token once, and revokes it', async () => {
    await goTo(ada, 'Account');
    await goTo(ada, 'Tokens');
    await fill(ada, 'Name', 'ci');
    await ada.page.getByLabel('App', { exact: true }).selectOption('shop');
    await ada.button('Make token').click();
    const token = await ada.shows(ada.page.getByRole('status').locator('code'), 'teal_');
    const me = () =>
      fetch(`${platform.consoleUrl}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } }).then(
        (r) => r.status,
      );
    expect(await me()).toBe(200);
    await ada.page.reload();
    const list = ada.page.getByRole('list', { name: 'Tokens' });
    expect(await ada.shows(list, 'only shop')).not.toContain(token);
    await ada.button('Revoke ci').click();
    await ada.button('Revoke it').click();
    await list.waitFor({ state: 'detached' });
    expect(await me()).toBe(401);
  });

  it('takes a public key, and says what is wrong with another', async () => {
    await goTo(ada, 'SSH keys');
    await ada.button('Add key').click();
    await fill(ada, 'Public key', 'ssh-ed25519 nonsense');
    await ada.button('Add key').click();
    await ada.page.getByRole('alert').waitFor();
    await fill(ada, 'Public key', KEY);
    await ada.button('Add key').click();
    await ada.shows(ada.page.getByRole('list', { name: 'SSH keys' }), 'ada@laptop');
  });

  it('sets a forgotten password by mail', async () => {
    await signOut(ada);
    await goTo(ada, 'Forgotten the password?');
    await fill(ada, 'E-mail address', 'ada@example.org');
    await ada.button('Send a link').click();
    await ada.shows(ada.page.locator('form'), 'Look into your mail');
    await ada.page.goto(await linkTo('ada@example.org', 'reset-password'));
    await fill(ada, 'New password', `${PASSWORD} now`);
    await ada.button('Set the password').click();
    await goTo(ada, 'Sign in with it');
    await signInByPassword(ada, 'ada@example.org', `${PASSWORD} now`);
    await ada.heading('Apps').waitFor();
  });

  it('has a record of it, and removes a member', async () => {
    await goTo(admin, 'Activity');
    const record = admin.page.getByRole('list', { name: 'Activity' });
    expect(await admin.shows(record, 'invited somebody')).toContain('Ada <b>Lovelace</b> joined');
    await goTo(admin, 'Members');
    await admin.button('Remove Ada <b>Lovelace</b>').click();
    await admin.button('Remove').click();
    await until('the list is without her', async () => {
      const members = await admin.page.getByRole('list', { name: 'Members' }).textContent();
      return members !== null && !members.includes('Ada');
    });
    await ada.page.reload();
    await ada.shows(ada.page.getByRole('main'), 'You belong to no organisation');
  });

  it('has had nothing to complain about', () => {
    const expected = /\b(401|403|422)\b/;
    expect([...browser.complaints(), ...other.complaints()].filter((text) => !expected.test(text))).toEqual([]);
  });
});
