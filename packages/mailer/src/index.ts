/** Mails about deployments and to people: their words, the way to a mail server, and the development mailbox. */

export { composeLetter, type Letter } from './letter.ts';
export { type KeptMail, type Mailbox, startMailbox } from './mailbox.ts';
export { createSmtpSender, type OpenMailSender, type SmtpOptions } from './smtp.ts';
export { composeNews, type MailText } from './text.ts';
