/** Port: durable wake-up calls. A job carries no decision: the database says what is to be done. Adapter: packages/queue. */

/** Calls of one kind that wait, and that are being worked on. */
export interface JobCounts {
  name: string;
  waiting: number;
  active: number;
}

export interface JobQueue {
  /** "This app has work." Never rejects: a lost call is made good by the next sweep. Calls for one app while one waits become one; one that comes during a run is run after it. */
  appHasWork(appId: string): Promise<void>;
  /** "Mail is in the outbox." */
  mailIsWaiting(): Promise<void>;
  counts(): Promise<JobCounts[]>;
  close(): Promise<void>;
}

export interface JobHandlers {
  /** Never at the same time for one app in this process. `signal` aborts at shutdown. */
  workApp(appId: string, signal: AbortSignal): Promise<void>;
  sendMail(signal: AbortSignal): Promise<void>;
}

export interface JobWorker {
  /** Takes no new job, waits for the running handlers. */
  close(): Promise<void>;
}
