/** What the API says of an app's traffic: figures by the minute, a summary of the last minutes, and the access log. */
import { COLOURS, STATUS_CLASSES } from '@teal/core';
import { z } from 'zod';
import { timeSchema } from './deployment.ts';

/** The last so many minutes that an app's summary is about, the one under way included. */
export const SUMMARY_MINUTES = 5;

export const trafficQuerySchema = z.strictObject({
  minutes: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_440)
    .default(60)
    .describe('How far back; figures are kept for 24 hours'),
  step: z.coerce.number().int().min(1).max(60).default(1).describe('Minutes that one point adds up'),
});

const quantile = z
  .number()
  .nullable()
  .describe(
    'Milliseconds: the upper bound of the histogram bucket it falls into. 30000 also stands for what is slower; null without answers. Connections that became WebSockets are left out',
  );

export const trafficFiguresSchema = z.object({
  requests: z.int(),
  /** Answers by status class. */
  statuses: z.record(z.enum(STATUS_CLASSES), z.int()),
  p50Ms: quantile,
  p90Ms: quantile,
  p99Ms: quantile,
  bytesIn: z.int().describe('From clients'),
  bytesOut: z.int().describe('To clients'),
});

export const trafficPointSchema = trafficFiguresSchema.extend({ minute: timeSchema.describe('Begin of the point') });

const perPool = <T extends z.ZodType>(schema: T) =>
  z.object({ total: schema, blue: schema, green: schema, router: schema.describe("The router's own answers") });

export const trafficSchema = z.object({
  from: timeSchema,
  /** End of the last point, which is under way. */
  to: timeSchema,
  stepMinutes: z.int(),
  /** Oldest first; every series has a point for every step, with zeros where nothing came. */
  series: perPool(z.array(trafficPointSchema)),
  totals: perPool(trafficFiguresSchema),
});

/** What the last {@link SUMMARY_MINUTES} minutes brought, all pools and the router's own answers together. */
export const trafficSummarySchema = z.object({
  minutes: z.int(),
  requests: z.int(),
  requestsPerMinute: z.number(),
  /** Answers of class 5xx among all, from 0 to 1; null without requests. */
  errorShare: z.number().nullable(),
  p50Ms: quantile,
  p99Ms: quantile,
});

export const accessLogQuerySchema = z.strictObject({ tail: z.coerce.number().int().min(0).max(5_000).default(100) });

export const accessEntrySchema = z.object({
  /** When the request had been read. */
  at: timeSchema,
  /** The pool that answered; null when the router did. */
  colour: z.enum(COLOURS).nullable(),
  instanceId: z.string().nullable(),
  clientHost: z.string(),
  protocol: z.enum(['http', 'https']),
  host: z.string().describe('As the client wrote it: a terminal must not be shown it as it is'),
  method: z.string(),
  path: z.string().describe('With its query, as the client wrote it'),
  status: z.int(),
  bytesIn: z.int(),
  bytesOut: z.int(),
  durationMs: z.number(),
});
/** `GET …/access-log/events` sends one `line` event per entry. */
export const accessLogSchema = z.object({ entries: z.array(accessEntrySchema) });

export type TrafficView = z.infer<typeof trafficSchema>;
export type TrafficPointView = z.infer<typeof trafficPointSchema>;
export type TrafficFiguresView = z.infer<typeof trafficFiguresSchema>;
export type TrafficSummaryView = z.infer<typeof trafficSummarySchema>;
export type AccessEntryView = z.infer<typeof accessEntrySchema>;
