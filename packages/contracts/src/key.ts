/** What the API says of public keys for git over SSH. */
import { z } from 'zod';
import { timeSchema } from './deployment.ts';

const keyLine = z.string().min(1).max(20_000).describe('One line, as in ~/.ssh/id_ed25519.pub');
const keyName = z.string().trim().min(1).max(80).describe('Left out: the comment of the key');

export const addKeySchema = z.strictObject({ key: keyLine, name: keyName.optional() });
export const addDeployKeySchema = addKeySchema.extend({
  write: z.boolean().default(false).describe('May push; otherwise it may only fetch'),
});
export const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  fingerprint: z.string().describe('As `ssh-keygen -l` shows it'),
  /** Of an app's key; a person's may what the person may. */
  write: z.boolean(),
  createdAt: timeSchema,
  lastUsedAt: timeSchema.nullable(),
});
export const keyListSchema = z.object({
  keys: z.array(keySchema),
  /** Null: this platform serves no git over SSH. */
  ssh: z
    .object({
      urlPattern: z.string().describe('Where to push to, with `<app>` for the name of an app'),
      hostKey: z.string().describe('Fingerprint of the key that the platform proves itself with'),
    })
    .nullable(),
});

export type KeyListView = z.infer<typeof keyListSchema>;
export type KeyView = z.infer<typeof keySchema>;
