/** Port: one mail, handed to a mail server. Adapter: packages/mailer. */
export interface Mail {
  to: string;
  subject: string;
  /** Plain text. */
  text: string;
  /** Stable over retries, with angle brackets. */
  messageId: string;
}

export interface MailSender {
  /** Resolves when the mail server has accepted it. */
  send(mail: Mail, signal: AbortSignal): Promise<void>;
}
