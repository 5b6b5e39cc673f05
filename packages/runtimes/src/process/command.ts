/** Runs one command in a session of its own, as the apps' user, to its end; an abort kills the whole session. */
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { RunAs } from './options.ts';
import { identify, killSession, type ProcessIdentity } from './session.ts';

/** Longer lines are told in pieces, so that one without end cannot fill the memory. */
const LINE_MAX_CHARACTERS = 16_384;

export interface Command {
  argv: readonly string[];
  cwd: string;
  environment: Readonly<Record<string, string>>;
  runAs: RunAs;
  /** `NAME=value` that is added to the environment. */
  marker: string;
  /** Each line of both streams. */
  line: (text: string) => void;
  signal: AbortSignal;
  /** Told once it runs. */
  started?: (leader: ProcessIdentity) => void;
  /** Writes the command's input and ends it. */
  feed?: (input: Writable) => Promise<void>;
}

export interface CommandEnd {
  exitCode: number | null;
  /** The signal that ended it. */
  killedBy: NodeJS.Signals | null;
}

/** Cuts a stream's text into lines; `end` tells the last one, if it lacks its newline. */
export function lineCutter(line: (text: string) => void): { push(chunk: string): void; end(): void } {
  let rest = '';
  return {
    push(chunk) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) line(part);
      while (rest.length > LINE_MAX_CHARACTERS) {
        line(rest.slice(0, LINE_MAX_CHARACTERS));
        rest = rest.slice(LINE_MAX_CHARACTERS);
      }
    },
    end() {
      if (rest !== '') line(rest);
      rest = '';
    },
  };
}

/** Rejects with the signal's reason when aborted, and when the command cannot be started. Leaves no process behind. */
export async function runCommand(command: Command): Promise<CommandEnd> {
  command.signal.throwIfAborted();
  const [file = '', ...args] = command.argv;
  const [markerName = '', markerValue = ''] = command.marker.split('=');
  const child = spawn(file, args, {
    ...(command.runAs ?? {}),
    cwd: command.cwd,
    env: { ...command.environment, [markerName]: markerValue },
    detached: true,
    stdio: [command.feed === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const leader = child.pid === undefined ? null : identify(child.pid);
  if (leader !== null) command.started?.(leader);
  const killAll = async () => {
    if (leader !== null) await killSession({ leader, marker: command.marker });
  };
  for (const stream of [child.stdout, child.stderr]) {
    const cutter = lineCutter(command.line);
    stream?.setEncoding('utf8').on('data', cutter.push).on('end', cutter.end).on('error', cutter.end);
  }
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject);
    // Background processes may hold the streams open: the leader's own end is what counts, and it ends them all.
    child.once('exit', () => void killAll());
    child.once('close', (exitCode, killedBy) => resolve({ exitCode, killedBy }));
  });
  const abort = () => void killAll();
  command.signal.addEventListener('abort', abort, { once: true });
  try {
    // A command that ends without reading all its input breaks the pipe; its exit code tells more than that.
    child.stdin?.on('error', () => {});
    const fed = command.feed !== undefined && child.stdin ? command.feed(child.stdin) : Promise.resolve();
    const [end] = await Promise.all([ended, fed.catch((error) => refuse(error, killAll))]);
    command.signal.throwIfAborted();
    return end;
  } finally {
    command.signal.removeEventListener('abort', abort);
    await killAll();
  }
}

/** A broken pipe is the command's own end; any other trouble with the input ends the command. */
async function refuse(error: unknown, killAll: () => Promise<void>): Promise<void> {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  if (['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET'].includes(code)) return;
  await killAll();
  throw error;
}
