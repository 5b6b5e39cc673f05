import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MailFacts } from '@teal/deployer';
import { createTransport } from 'nodemailer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSmtpSender, type KeptMail, startMailbox } from '../src/index.ts';
import { failureFacts } from './facts.ts';

const NEVER = new AbortController().signal;

async function open() {
  const dir = await mkdtemp(join(tmpdir(), 'teal-mailbox-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const mailbox = await startMailbox({ dir });
  onTestFinished(() => mailbox.close());
  const sender = createSmtpSender({ url: mailbox.url, from: 'teal@localhost' });
  onTestFinished(() => sender.close());
  const send = (news: MailFacts[] = [failureFacts()], messageId = '<mail_1@teal>') =>
    sender.sendNews({ to: 'ann@example.test', messageId, news }, NEVER);
  const only = async () => {
    const mails = await mailbox.list();
    expect(mails).toHaveLength(1);
    return mails[0] as KeptMail;
  };
  return { dir, mailbox, send, only };
}

/** Header names of the raw mail. */
async function rawHeaders(dir: string): Promise<string[]> {
  const [name = ''] = await readdir(dir);
  const head = (await readFile(join(dir, name), 'utf8')).split('\r\n\r\n', 1)[0] ?? '';
  return head.split(/\r\n(?![ \t])/).map((line) => line.split(':', 1)[0]?.toLowerCase() ?? '');
}

describe('a failure mail', () => {
  it('tells the app, commit, author, phase, reason, log, what still serves, and where to look', async () => {
    const { send, only } = await open();
    await send();
    const mail = await only();
    expect(mail).toMatchObject({
      from: 'teal@localhost',
      to: ['ann@example.test'],
      subject: '[Teal] shop: deployment of 9be07d1 failed while probing',
      messageId: '<mail_1@teal>',
    });
    for (const fact of [
      '9be07d1 "Faster cart"',
      'Ann <ann@example.test>',
      'admin (push)',
      'probing',
      'GET / answered 500. [gate_refused]',
      '3f2c1ab "Version two" still serves',
      '  TypeError: x is undefined',
      '      at cart.js:7',
      'http://localhost:4000/apps/shop/deployments/deployment_1',
    ])
      expect(mail.text).toContain(fact);
    expect(mail.text).not.toContain('\u001b');
    expect(Date.now() - mail.receivedAt.getTime()).toBeLessThan(60_000);
  });

  it('says so when nothing is live', async () => {
    const { send, only } = await open();
    await send([failureFacts({ stillServes: null })]);
    expect((await only()).text).toContain('Nothing is live yet.');
  });

  it('gets no header, recipient or line of its facts from strangers', async () => {
    const { dir, send, only } = await open();
    const evil = 'x\r\nBcc: spy@example.test\r\n\r\nReason:   none';
    await send([
      failureFacts({
        appName: evil,
        commit: { commit: 'a'.repeat(40), tree: '', author: evil, message: `${evil}\u001b]0;title\u0007\u202e` },
        requestedBy: evil,
        reason: evil,
      }),
    ]);
    const mail = await only();
    expect(mail.to).toEqual(['ann@example.test']);
    const headers = await rawHeaders(dir);
    expect(headers).not.toContain('bcc');
    expect(headers.filter((name) => name === 'subject')).toHaveLength(1);
    expect(mail.subject).toMatch(/^\[Teal\] x Bcc: spy@example.test Reason: none: deployment of aaaaaaa/);
    expect(mail.text.match(/^Reason:/gm)).toHaveLength(1);
    expect(mail.text).not.toMatch(/^Bcc/m);
    expect(mail.text).not.toMatch(/[\u0007\u001b\u202e]/);
  });

  it('carries other scripts, very long lines and lines of dots whole', async () => {
    const { send, only } = await open();
    const long = 'x'.repeat(4_000);
    await send([
      failureFacts({
        commit: { commit: 'a'.repeat(40), tree: '', author: 'Zoë', message: 'größer → 日本 🟢' },
        lastLines: [long, '.', '..', 'From here', 'é'.repeat(2_000), `cut ${'🟢'.repeat(3)}`],
      }),
    ]);
    const { text } = await only();
    expect(text).toContain('aaaaaaa "größer → 日本 🟢"');
    expect(text).toContain('Zoë');
    expect(text.split('\n').map((line) => line.replace(/\r$/, ''))).toEqual(
      expect.arrayContaining([`  ${long}`, '  .', '  ..', '  From here', `  ${'é'.repeat(2_000)}`]),
    );
  });

  it('is a digest when it is about several', async () => {
    const { send, only } = await open();
    const failures = ['1', '2', '3'].map((n) =>
      failureFacts({ link: `http://localhost/${n}`, reason: `Reason ${n}.`, failedAt: `2026-01-01T0${n}:00:00.000Z` }),
    );
    await send(failures);
    const { subject, text } = await only();
    expect(subject).toBe('[Teal] shop: 3 more deployments failed');
    for (const n of ['1', '2', '3']) {
      expect(text).toContain(`2026-01-01T0${n}:00:00.000Z  9be07d1 "Faster cart", probing: Reason ${n}.`);
      expect(text).toContain(`http://localhost/${n}`);
    }
    expect(text).toContain('still serves');
  });

  it('keeps its Message-ID when it is sent again', async () => {
    const { send, mailbox } = await open();
    await send();
    await send();
    await send([failureFacts()], '<mail_2@teal>');
    expect((await mailbox.list()).map((mail) => mail.messageId)).toEqual([
      '<mail_2@teal>',
      '<mail_1@teal>',
      '<mail_1@teal>',
    ]);
  });
});

describe('the development mailbox', () => {
  it('lists newest first, also after a restart, and what is no mail is left alone', async () => {
    const { dir, mailbox, send } = await open();
    for (const n of [1, 2, 3]) await send([failureFacts()], `<${n}@teal>`);
    await writeFile(join(dir, 'notes.txt'), 'mine');
    const before = await mailbox.list();
    expect(before.map((mail) => mail.messageId)).toEqual(['<3@teal>', '<2@teal>', '<1@teal>']);
    await mailbox.close();
    const again = await startMailbox({ dir });
    onTestFinished(() => again.close());
    expect(await again.list()).toEqual(before);
  });

  it('takes mails that come at once, each whole', async () => {
    const { mailbox, send } = await open();
    await Promise.all(Array.from({ length: 10 }, (_, i) => send([failureFacts()], `<${i}@teal>`)));
    const mails = await mailbox.list();
    expect(new Set(mails.map((mail) => mail.messageId)).size).toBe(10);
    expect(new Set(mails.map((mail) => mail.id)).size).toBe(10);
  });

  it('refuses a mail that is too large and keeps none of it', async () => {
    const { dir, mailbox } = await open();
    const transport = createTransport(mailbox.url);
    onTestFinished(() => transport.close());
    const text = 'line\n'.repeat(400_000);
    // It does not say the size beforehand.
    await expect(transport.sendMail({ from: 'a@b.test', to: 'c@d.test', text })).rejects.toMatchObject({
      responseCode: 552,
    });
    expect(await readdir(dir)).toEqual([]);
    await transport.sendMail({ from: 'a@b.test', to: 'c@d.test', text: 'small' });
    expect(await mailbox.list()).toHaveLength(1);
  });

  it('keeps five hundred', async () => {
    const { dir, mailbox, send } = await open();
    for (let i = 0; i < 500; i += 1) {
      const name = `2020-01-01T000000.${String(i).padStart(3, '0')}Z-old.eml`;
      await writeFile(join(dir, name), `X-Teal-To: a@b.test\r\nMessage-ID: <old-${i}@teal>\r\n\r\nold`);
    }
    await send();
    const mails = await mailbox.list();
    expect(mails).toHaveLength(500);
    expect(mails.at(0)?.messageId).toBe('<mail_1@teal>');
    expect(mails.at(-1)?.messageId).toBe('<old-1@teal>');
  });
});
