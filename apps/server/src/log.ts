/** The platform's own log: JSON lines, or pretty on a terminal. */
import { type Logger, pino } from 'pino';
import pinoPretty from 'pino-pretty';
import type { Config } from './config.ts';

/** Kept while it cannot be written. */
const MAX_UNWRITTEN_BYTES = 4 * 1024 * 1024;

export function createLog({ log, logLevel }: Pick<Config, 'log' | 'logLevel'>): Logger {
  const pretty = log === 'pretty' || (log === 'auto' && process.stderr.isTTY);
  const options = { level: logLevel, base: undefined, redact: ['req.headers.authorization', 'req.headers.cookie'] };
  // Written in order and at once: a log that is lost in a crash explains nothing.
  if (!pretty) {
    const destination = pino.destination({ dest: 2, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
    // A full disk below the log must not end the platform.
    destination.on('error', () => {});
    return pino(options, destination);
  }
  return pino(
    options,
    pinoPretty({ colorize: true, sync: true, destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' }),
  );
}
