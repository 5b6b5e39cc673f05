/** What the API says of the mails that members get about deployments. */
import { z } from 'zod';

const failures = z.boolean().describe('Mails about deployments that failed');
const successes = z.boolean().describe('Mails about deployments that went live');

/** What members get who have not chosen themselves. */
export const organisationMailsSchema = z.strictObject({ failures, successes });
/** Null: as the organisation says. */
export const ownMailsSchema = z.strictObject({ failures: failures.nullable(), successes: successes.nullable() });

export const notificationsSchema = z.object({
  organisation: organisationMailsSchema,
  /** What one has chosen; null for an organisation's token, which gets no mail. */
  own: ownMailsSchema.nullable(),
});

export type NotificationsView = z.infer<typeof notificationsSchema>;
