/** Live events: they say what changed, not how; the client asks again. Log lines come in full. */
import { z } from 'zod';

/** `GET /api/v1/events`: one event per change of an app or of one of its deployments. */
export const changeEventSchema = z.object({
  type: z.enum(['app', 'deployment', 'app-deleted']),
  appId: z.string(),
  deploymentId: z.string().nullable(),
});
export type ChangeEvent = z.infer<typeof changeEventSchema>;

/** `GET /api/v1/events`, every few seconds while requests come: the apps whose traffic figures have grown. */
export const trafficEventSchema = z.object({ appIds: z.array(z.string()) });
export type TrafficEvent = z.infer<typeof trafficEventSchema>;

/** Names of the server-sent events. `usage`: it was looked again at what the instances use. `ended` closes a deployment's log; its data is the deployment. */
export const EVENT_NAMES = {
  change: 'change',
  traffic: 'traffic',
  usage: 'usage',
  line: 'line',
  ended: 'ended',
} as const;

export const instanceLogLineSchema = z.object({ instanceId: z.string(), number: z.int(), text: z.string() });
export const instanceLogSchema = z.object({ lines: z.array(instanceLogLineSchema) });
export type InstanceLogLine = z.infer<typeof instanceLogLineSchema>;
