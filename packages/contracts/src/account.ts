/** What the API says of the one who asks, of tokens, of the platform, and of the development mailbox. */
import { ROLES, TOKEN_SCOPES } from '@teal/core';
import { z } from 'zod';
import { timeSchema } from './deployment.ts';

export { type Permission, TOKEN_SCOPES, type TokenScope } from '@teal/core';

export const meSchema = z.object({
  /** The person, or the organisation's token. */
  user: z.object({ id: z.string(), name: z.string(), email: z.string().nullable() }),
  /** The oldest of one's organisations; null: one belongs to none. */
  organisation: z.object({ id: z.string(), name: z.string() }).nullable(),
  organisations: z.array(z.object({ id: z.string(), name: z.string(), role: z.enum(ROLES) })),
  platformAdmin: z.boolean(),
  /** What one may do, by name: in each organisation, and without any. One app only: `app` is its id. */
  permissions: z.object({
    self: z.array(z.string()),
    organisations: z.record(z.string(), z.array(z.string())),
    app: z.string().nullable(),
  }),
  /** False: no password is set yet, and `PUT /account/password` needs no current one. */
  hasPassword: z.boolean(),
  secondFactor: z.boolean(),
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

const secretSchema = z.string().min(1).max(200);
export const emailSchema = z
  .email('is not an e-mail address')
  .max(254)
  .transform((address) => address.toLowerCase());
/** Longer ones are refused, never cut. */
export const passwordSchema = z.string().min(1).max(1_000);
export const personNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}]*$/u, 'must not contain control characters');

/** What somebody who is not signed in can sign in with. */
export const signInWaysSchema = z.object({
  passwords: z.boolean().describe('False while nobody on the platform has set a password: only tokens sign in'),
});

/** With a second factor, `code` is its code of now, or a recovery code. */
export const signInSchema = z.union([
  z.strictObject({ token: secretSchema }),
  z.strictObject({
    email: z.string().min(1).max(254),
    password: passwordSchema,
    code: z.string().max(40).optional(),
  }),
]);
export const setPasswordSchema = z.strictObject({ password: passwordSchema, current: passwordSchema.optional() });
export const askResetSchema = z.strictObject({ email: emailSchema });
export const useResetSchema = z.strictObject({ secret: secretSchema, password: passwordSchema });

/** The password once more, where there is one. */
export const offerSecondFactorSchema = z.strictObject({ password: passwordSchema.optional() });
/** For an authenticator app; in force once `POST /account/second-factor/confirm` has seen a code. */
export const secondFactorOfferSchema = z.object({ secret: z.string(), uri: z.string() });
export const confirmSecondFactorSchema = z.strictObject({ code: z.string().max(40) });
/** Each is good once, in place of a code; shown this once. */
export const recoveryCodesSchema = z.object({ recoveryCodes: z.array(z.string()) });
export const endSecondFactorSchema = z.strictObject({ code: z.string().max(40) });

export const tokenNameSchema = z.string().trim().min(1).max(80);
/** `app`: name or id of the one app it is to be good for. */
export const createTokenSchema = z.strictObject({
  name: tokenNameSchema,
  scope: z.enum(TOKEN_SCOPES).default('full'),
  app: z.string().max(80).optional(),
  expiresInDays: z.int().min(1).max(3_650).optional(),
});
export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Its first characters, to tell tokens apart. */
  prefix: z.string(),
  scope: z.enum(TOKEN_SCOPES),
  /** The one app it is good for; null: all. */
  app: z.object({ id: z.string(), name: z.string() }).nullable(),
  expiresAt: timeSchema.nullable(),
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
