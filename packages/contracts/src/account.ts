/** What the API says of the one who asks, of tokens, of the platform, and of the development mailbox. */
import { z } from 'zod';
import { timeSchema } from './deployment.ts';

export const meSchema = z.object({
  user: z.object({ id: z.string(), name: z.string(), email: z.string().nullable() }),
  organisation: z.object({ id: z.string(), name: z.string() }),
  platform: z.object({
    version: z.string(),
    engine: z.enum(['docker', 'process']),
    router: z.enum(['embedded', 'haproxy']),
    /** A running app's URL, with `<app>` for its name. */
    appUrlPattern: z.string(),
    /** The same over HTTPS; null where the platform serves none. */
    secureAppUrlPattern: z.string().nullable(),
    /** False where apps are not isolated from each other and from the platform. */
    isolated: z.boolean(),
    mailbox: z.boolean().describe('Mails are kept by the platform itself: no SMTP_URL is set'),
  }),
});

export const signInSchema = z.strictObject({ token: z.string().min(1).max(200) });

export const tokenNameSchema = z.string().trim().min(1).max(80);
export const createTokenSchema = z.strictObject({ name: tokenNameSchema });
export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Its first characters, to tell tokens apart. */
  prefix: z.string(),
  createdAt: timeSchema,
  lastUsedAt: timeSchema.nullable(),
});
export const tokenListSchema = z.object({ tokens: z.array(tokenSchema) });
/** `secret` is shown this once. */
export const tokenCreatedSchema = z.object({ token: tokenSchema, secret: z.string() });

export const mailSchema = z.object({
  id: z.string(),
  receivedAt: timeSchema,
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
});
export const mailListSchema = z.object({ mails: z.array(mailSchema) });

export type Me = z.infer<typeof meSchema>;
export type TokenView = z.infer<typeof tokenSchema>;
export type MailView = z.infer<typeof mailSchema>;
