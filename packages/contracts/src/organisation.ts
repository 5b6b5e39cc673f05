/** What the API says of organisations, their members and invitations, and what it takes to change them. */
import { ROLES } from '@teal/core';
import { z } from 'zod';
import { emailSchema, passwordSchema, personNameSchema } from './account.ts';
import { timeSchema } from './deployment.ts';

export { isAtLeast, ROLES, type Role } from '@teal/core';

const roleSchema = z.enum(ROLES);
export const organisationNameSchema = personNameSchema;

export const organisationSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** One's own. */
  role: roleSchema,
});
export const organisationListSchema = z.object({ organisations: z.array(organisationSchema) });
export const nameOrganisationSchema = z.strictObject({ name: organisationNameSchema });

export const memberSchema = z.object({
  userId: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: roleSchema,
  since: timeSchema,
});
export const memberListSchema = z.object({ members: z.array(memberSchema) });
export const changeMemberSchema = z.strictObject({ role: roleSchema });

/** Never with its secret: that is in the mail alone. */
export const invitationSchema = z.object({
  id: z.string(),
  organisation: z.object({ id: z.string(), name: z.string() }),
  email: z.string(),
  role: roleSchema,
  createdAt: timeSchema,
  expiresAt: timeSchema,
});
export const invitationListSchema = z.object({ invitations: z.array(invitationSchema) });
export const inviteSchema = z.strictObject({ email: emailSchema, role: roleSchema });

export const lookUpInvitationSchema = z.strictObject({ secret: z.string().min(1).max(200) });
/** `hasAccount`: sign in to it first; else name and password make one. */
export const invitationFoundSchema = invitationSchema.extend({ hasAccount: z.boolean() });
/** Name and password make the account of who has none. */
export const acceptInvitationSchema = z.strictObject({
  secret: z.string().min(1).max(200),
  name: personNameSchema.optional(),
  password: passwordSchema.optional(),
});

export type OrganisationView = z.infer<typeof organisationSchema>;
export type MemberView = z.infer<typeof memberSchema>;
export type InvitationView = z.infer<typeof invitationSchema>;
