/** A worker thread of the model runs: takes one share after the other, answers with its report. */
import { parentPort } from 'node:worker_threads';
import { check, type Share } from './check.ts';

// Thousands of faults are thrown on purpose; nobody reads where.
Error.stackTraceLimit = 0;

parentPort?.on('message', async (share: Share) => parentPort?.postMessage(await check(share)));
