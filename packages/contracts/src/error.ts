/** The one shape of every error answer. */
import { z } from 'zod';

export const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    /** A sentence for people that says what to do. */
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorSchema>;
