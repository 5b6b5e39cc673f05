/** Log lines of deployments, and what is taken out of text that strangers wrote before a terminal shows it. */
import type { Phase } from './deployment.ts';

export interface LogLine {
  /** Position in the deployment's log, from 1. */
  sequence: number;
  /** Milliseconds since 1970. */
  at: number;
  phase: Phase | 'done';
  /** Who speaks: the platform, the build, or the app's own instances. */
  source: 'teal' | 'build' | 'app';
  text: string;
}

/** Stands in for a log without lines: too old to be kept, or nothing was written. */
export function noLog(at: Date): LogLine {
  return { sequence: 1, at: at.getTime(), phase: 'done', source: 'teal', text: 'No log is kept of this deployment.' };
}

/** A line is cut after this many characters. */
export const LINE_MAX_CHARACTERS = 4_096;
/** A deployment's log ends after this many bytes; the platform's own last lines still follow. */
export const LOG_MAX_BYTES = 10 * 1024 * 1024;

const ESCAPES =
  /\u001b\[([0-9;]*)m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[PX^_][^\u001b]*(?:\u001b\\)?|\u001b\[[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Makes one line harmless for a terminal: colours stay, every other escape sequence, control character and
 * bidirectional override goes; overlong lines are cut; half a surrogate pair, which no database takes, is replaced. A
 * carriage return keeps what was written last, as a terminal would show it.
 */
export function cleanLine(text: string): string {
  const visible = text.replace(/[\r\n]+$/, '');
  const last = visible.slice(visible.lastIndexOf('\r') + 1);
  const cut =
    last.length > LINE_MAX_CHARACTERS
      ? `${last.slice(0, LINE_MAX_CHARACTERS).replace(/[\ud800-\udbff]$/, '')} … (cut)`
      : last;
  const kept = cut.replace(ESCAPES, (sequence, colours: string | undefined) => (colours === undefined ? '' : sequence));
  const clean = kept.replace(/\n/g, ' ').replace(CONTROLS, '').toWellFormed();
  return clean.includes('\u001b[') && !clean.endsWith('\u001b[0m') ? `${clean}\u001b[0m` : clean;
}

const COLOURS_ONLY = /\u001b\[[0-9;]*m/g;

/** The line without colours, for mails and for output that is no terminal. */
export function plainLine(text: string): string {
  return text.replace(COLOURS_ONLY, '');
}
