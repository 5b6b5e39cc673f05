/** The words of mails to one person. Pure. */
import { type MailText, oneLine } from './text.ts';

export type Letter =
  | { kind: 'invitation'; to: string; organisation: string; role: string; by: string; link: string; days: number }
  | { kind: 'password-reset'; to: string; link: string; minutes: number };

export function composeLetter(letter: Letter): MailText {
  if (letter.kind === 'invitation') {
    const organisation = oneLine(letter.organisation);
    return {
      subject: `[Teal] ${oneLine(letter.by)} invites you to ${organisation}`,
      text: lines(
        `${oneLine(letter.by)} invites you to the organisation "${organisation}" on Teal, as ${letter.role}.`,
        'Accept here:',
        letter.link,
        `The link is good once, for ${letter.days} days, and for this address only.`,
        'On the command line: "teal orgs join", then the part of the link after the #.',
      ),
    };
  }
  return {
    subject: '[Teal] Set a new password',
    text: lines(
      'Somebody asked for a new password for the account of this address. If it was you, set it here:',
      letter.link,
      `The link is good once, for ${letter.minutes} minutes. If it was not you, do nothing: your password stays as it is.`,
    ),
  };
}

function lines(...paragraphs: string[]): string {
  return `${paragraphs.join('\n\n')}\n`;
}
