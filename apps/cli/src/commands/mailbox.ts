/** `teal mailbox`: the mails that a platform without SMTP_URL keeps, or one of them. */
import type { MailView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { cleanText, cleanWord } from '../output/clean.ts';
import { CommandError, usageError } from '../output/exit.ts';
import { ago } from '../output/moment.ts';

export async function mailbox(call: Call): Promise<void> {
  const number = call.words[0];
  if (number !== undefined && !/^[1-9]\d{0,5}$/.test(number))
    throw usageError(`"${number}" is not a number of the list: 1 is the newest mail.`);
  const api = await connect(call.io);
  const { mails } = await api.get<{ mails: MailView[] }>(paths.mailbox());
  const newestFirst = mails.toSorted((a, b) => Date.parse(b.receivedAt) - Date.parse(a.receivedAt));
  if (number !== undefined) return showMail(call, newestFirst[Number(number) - 1]);
  call.data({ mails: newestFirst });
  if (mails.length === 0) call.note('No mails.');
  call.rows(
    newestFirst.map((mail, index) => [
      String(index + 1),
      call.paint.bold(cleanWord(mail.subject)),
      cleanWord(mail.to.join(', ')),
      call.paint.dim(ago(mail.receivedAt, Date.now())),
    ]),
  );
}

function showMail(call: Call, mail: MailView | undefined): void {
  if (mail === undefined)
    throw new CommandError('notFound', 'mail_not_found', 'There are not that many mails. "teal mailbox" lists them.');
  call.data(mail);
  for (const line of mailLines(mail)) call.say(line);
}

/** A mail as lines: its head, an empty line, its text. */
export function mailLines(mail: MailView): string[] {
  const head = [
    `From: ${cleanWord(mail.from)}`,
    `To: ${cleanWord(mail.to.join(', '))}`,
    `Subject: ${cleanWord(mail.subject)}`,
  ];
  return [...head, '', ...cleanText(mail.text).trimEnd().split('\n')];
}
