/** What the API says of an app's domains, of its maintenance, and of certificates. */
import { z } from 'zod';
import { timeSchema } from './deployment.ts';

const KIB = 1024;
const within = (limitBytes: number) => (text: string) => new TextEncoder().encode(text).length <= limitBytes;

export const domainSchema = z.object({
  name: z.string(),
  /** Named to the app as its host when it is probed, and first in what is shown of it. */
  primary: z.boolean(),
  /** The name below the platform's domain, which an app always has. */
  default: z.boolean(),
});
export const domainListSchema = z.object({ domains: z.array(domainSchema) });
/** `primary` left out: as it is. The default name made primary unmakes the one that was. */
export const addDomainSchema = z.strictObject({ name: z.string().min(1).max(500), primary: z.boolean().optional() });

/** `page` left out: as it is; null: the router's own page. */
export const maintenanceOnSchema = z.strictObject({
  page: z
    .string()
    .min(1)
    .regex(/^[^\u0000]*$/, 'must not contain a NUL character')
    .refine(within(64 * KIB), 'is larger than 64 KiB')
    .nullable()
    .optional(),
});
export const maintenanceSchema = z.object({ on: z.boolean(), page: z.string().nullable() });

/** PEM: the certificate and its issuers; the key without a passphrase. */
export const addCertificateSchema = z.strictObject({
  certificate: z.string().refine(within(64 * KIB), 'is larger than 64 KiB'),
  key: z.string().refine(within(16 * KIB), 'is larger than 16 KiB'),
});
/** A certificate without its key, which is shown to nobody. */
export const certificateSchema = z.object({
  id: z.string(),
  names: z.array(z.string()),
  issuer: z.string(),
  /** SHA-256 in lower-case hex. */
  fingerprint: z.string(),
  notAfter: timeSchema,
  expired: z.boolean(),
  /** `file` and `self-signed`: the one that serves what no other covers. */
  origin: z.enum(['uploaded', 'file', 'self-signed']),
});
export const certificateListSchema = z.object({ certificates: z.array(certificateSchema) });

export type DomainView = z.infer<typeof domainSchema>;
export type MaintenanceView = z.infer<typeof maintenanceSchema>;
export type CertificateView = z.infer<typeof certificateSchema>;
