/** BullMQ, on PostgreSQL or on Redis: the only place that knows it. Jobs are wake-up calls and carry no decision. */
export {
  type JobQueueOptions,
  type OpenJobQueue,
  openJobQueue,
  type QueueBackend,
  type RunningWorkers,
} from './jobQueue.ts';
