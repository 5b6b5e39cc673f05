/** The development mailbox: what the platform would have sent. It holds everybody's mails. */
import { mailListSchema } from '@teal/contracts';
import { TealError } from '@teal/core';
import { needs } from '../http/access.ts';
import type { Api, RouteDeps } from './deps.ts';

export function mailboxRoutes(api: Api, { mailbox }: RouteDeps): void {
  const route = { config: needs('platform.manage'), schema: { response: { 200: mailListSchema } } };
  api.get('/mailbox', route, async () => {
    if (mailbox === null)
      throw new TealError('not_found', { what: 'mailbox (mails go to the SMTP server of SMTP_URL)' });
    const mails = await mailbox.list();
    return {
      mails: mails.map(({ id, receivedAt, from, to, subject, text }) => ({
        id,
        receivedAt: receivedAt.toISOString(),
        from,
        to,
        subject,
        text,
      })),
    };
  });
}
