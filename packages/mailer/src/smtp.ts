/** Hands mails to a mail server with nodemailer. */
import type { MailSender } from '@teal/deployer';
import { createTransport } from 'nodemailer';
import { composeLetter, type Letter } from './letter.ts';
import { composeFailures } from './text.ts';

export interface SmtpOptions {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  url: string;
  /** The sender's address. */
  from: string;
}

export interface OpenMailSender extends MailSender {
  /** Sends one; resolves when the mail server has accepted it. */
  sendLetter(letter: Letter, signal: AbortSignal): Promise<void>;
  close(): void;
}

const TIMEOUT_MS = 20_000;

export function createSmtpSender({ url, from }: SmtpOptions): OpenMailSender {
  const transport = createTransport(url, {
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    // A mail is text from here: it must never read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  } as Parameters<typeof createTransport>[1]);
  return {
    async sendFailures({ to, messageId, failures }, signal) {
      signal.throwIfAborted();
      const { subject, text } = composeFailures(failures);
      // The types do not know `signal` yet: an abort closes the connection at once.
      const mail = { from, to: { name: '', address: to }, messageId, subject, text, signal };
      await transport.sendMail(mail);
    },
    async sendLetter(letter, signal) {
      signal.throwIfAborted();
      const mail = { from, to: { name: '', address: letter.to }, ...composeLetter(letter), signal };
      await transport.sendMail(mail);
    },
    close() {
      transport.close();
    },
  };
}
