/** Hands mails to a mail server with nodemailer. */
import { TealError } from '@teal/core';
import type { MailSender } from '@teal/deployer';
import { createTransport } from 'nodemailer';
import { composeLetter, type Letter } from './letter.ts';
import { composeNews } from './text.ts';

export interface SmtpOptions {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  url: string;
  /** The sender's address. */
  from: string;
  /** For one mail from its connection to the server's word that it has it. Default {@link MAIL_MS}. */
  timeoutMs?: number;
}

export interface OpenMailSender extends MailSender {
  /** Sends one; resolves when the mail server has accepted it. */
  sendLetter(letter: Letter, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Without a byte from the server. */
const SILENCE_MS = 20_000;
/** A server that says a word now and then never falls silent. */
const MAIL_MS = 60_000;

export function createSmtpSender({ url, from, timeoutMs = MAIL_MS }: SmtpOptions): OpenMailSender {
  const transport = createTransport(url, {
    connectionTimeout: SILENCE_MS,
    greetingTimeout: SILENCE_MS,
    socketTimeout: SILENCE_MS,
    dnsTimeout: SILENCE_MS,
    // A mail is text from here: it must never read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  } as Parameters<typeof createTransport>[1]);
  return {
    async sendNews({ to, messageId, news }, signal) {
      signal.throwIfAborted();
      const { subject, text } = composeNews(news);
      // The types do not know `signal` yet: an abort closes the connection at once.
      const deadline = AbortSignal.timeout(timeoutMs);
      const either = AbortSignal.any([signal, deadline]);
      const mail = { from, to: { name: '', address: to }, messageId, subject, text, signal: either };
      try {
        await transport.sendMail(mail);
      } catch (error) {
        if (signal.aborted || !isSilence(error, deadline)) throw error;
        const detail = deadline.aborted ? `it took no mail within ${timeoutMs / 1_000} s` : (error as Error).message;
        throw new TealError('mail_unavailable', { detail }, { cause: error });
      }
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

function isSilence(error: unknown, deadline: AbortSignal): boolean {
  return deadline.aborted || (error as { code?: unknown }).code === 'ETIMEDOUT';
}
