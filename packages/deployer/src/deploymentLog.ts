/** Writes a deployment's log: cleans lines, numbers them, caps the whole, and stores them in chunks without waiting. */
import { cleanLine, LOG_MAX_BYTES, type LogLine } from '@teal/core';
import type { Context } from './context.ts';

const CHUNK_BYTES = 64 * 1024;

export interface DeploymentLog {
  /** Lines carry the phase that was set last. */
  setPhase(phase: LogLine['phase']): void;
  line(source: LogLine['source'], text: string): void;
  /** Resolves when everything written so far is stored. */
  flush(): Promise<void>;
}

/** Goes on after what the log already holds. */
export async function openDeploymentLog(
  { store, clock, log }: Pick<Context, 'store' | 'clock' | 'log'>,
  deploymentId: string,
): Promise<DeploymentLog> {
  let { sequence, sizeBytes } = await store.logs.position(deploymentId);
  let phase: LogLine['phase'] = 'queued';
  let waiting: LogLine[] = [];
  let writing: Promise<void> | null = null;
  let capped = sizeBytes >= LOG_MAX_BYTES;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const chunk = takeChunk(waiting);
      waiting = waiting.slice(chunk.length);
      await store.logs.append(deploymentId, chunk).catch((error) => {
        log.warn({ deploymentId, err: error }, 'log lines of a deployment were lost');
      });
    }
    writing = null;
  }

  function add(source: LogLine['source'], text: string): void {
    sequence += 1;
    sizeBytes += Buffer.byteLength(text) + 80;
    waiting.push({ sequence, at: clock.now().getTime(), phase, source, text });
    writing ??= write();
  }

  return {
    setPhase(next) {
      phase = next;
    },
    line(source, text) {
      if (capped && source !== 'teal') return;
      add(source, cleanLine(text));
      if (!capped && sizeBytes >= LOG_MAX_BYTES) {
        capped = true;
        add('teal', `The log is full (${LOG_MAX_BYTES / 1024 / 1024} MiB): further output is not kept.`);
      }
    },
    async flush() {
      while (writing !== null) await writing;
    },
  };
}

function takeChunk(lines: readonly LogLine[]): LogLine[] {
  let bytes = 0;
  let count = 0;
  for (const line of lines) {
    bytes += Buffer.byteLength(line.text) + 80;
    if (count > 0 && bytes > CHUNK_BYTES) break;
    count += 1;
  }
  return lines.slice(0, count);
}
