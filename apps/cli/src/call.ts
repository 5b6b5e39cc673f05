/** One call of a command: its words, its options, and how it prints. */
import type { Io } from './io.ts';
import { cleanText, cleanWord, safeJson } from './output/clean.ts';
import { CommandError } from './output/exit.ts';
import { makePaint, type Paint } from './output/paint.ts';
import { alignRows } from './output/table.ts';

export interface Options {
  json?: boolean;
  app?: string;
  yes?: boolean;
  follow?: boolean;
  access?: boolean;
  lines?: number;
  deployment?: string;
  wait?: boolean;
  exit?: boolean;
  engine?: string;
  install?: boolean;
  primary?: boolean;
  org?: string;
  role?: string;
  scope?: string;
  expires?: number;
  email?: string;
  cert?: string;
  key?: string;
  name?: string;
  write?: boolean;
  form?: string;
  events?: string;
  everybody?: boolean;
  /** A file; false: the router's own page. */
  page?: string | false;
}

export interface Call {
  io: Io;
  /** Positional arguments, in order. */
  words: readonly string[];
  options: Options;
  json: boolean;
  paint: Paint;
  /** A line for people on stdout; nothing with --json. */
  say(text?: string): void;
  /** Rows for people, aligned; nothing with --json. */
  rows(rows: readonly (readonly string[])[]): void;
  /** A line for people on stderr: progress and warnings; nothing with --json. */
  note(text: string): void;
  /** One JSON document on stdout; nothing without --json. */
  data(value: unknown): void;
}

export type Command = (call: Call) => Promise<void>;

export function makeCall(io: Io, words: readonly string[], options: Options): Call {
  const json = options.json === true;
  const paint = makePaint(!json && wantsColours(io));
  const people = (sink: 'stdout' | 'stderr') => (text: string) => {
    if (!json) io[sink].write(`${text}\n`);
  };
  const say = people('stdout');
  return {
    io,
    words,
    options,
    json,
    paint,
    say: (text = '') => say(text),
    rows: (rows) => {
      for (const line of alignRows(rows)) say(line);
    },
    note: people('stderr'),
    data: (value) => {
      if (json) io.stdout.write(`${safeJson(value)}\n`);
    },
  };
}

/** Colours on a terminal only, and never against NO_COLOR (any value but the empty one). */
export function wantsColours(io: Io): boolean {
  return io.stdout.isTTY === true && (io.env.NO_COLOR ?? '') === '' && io.env.TERM !== 'dumb';
}

/** Prints an error: `teal: <sentence> [code]`, or JSON in the API's shape. */
export function printError(io: Io, error: CommandError, json: boolean): void {
  if (json) {
    const { code, message, details } = error;
    io.stderr.write(`${safeJson({ error: { code, message, ...(details === undefined ? {} : { details }) } })}\n`);
    return;
  }
  io.stderr.write(`teal: ${cleanText(error.message)} [${cleanWord(error.code)}]\n`);
}

/** Any thrown thing as an error of the command. */
export function asCommandError(error: unknown, signal: AbortSignal): CommandError {
  const isAway = error instanceof CommandError && error.exit === 'unreachable';
  if (error instanceof CommandError && !(signal.aborted && isAway)) return error;
  if (signal.aborted) return new CommandError('interrupted', 'interrupted', 'interrupted.', { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  return new CommandError('failed', 'internal', `something went wrong inside the command: ${message}`, {
    cause: error,
  });
}
