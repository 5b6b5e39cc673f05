/** Runs one program of the host to its end, its output line by line. By argv only. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface CommandResult {
  exitCode: number | null;
  /** The last lines of its output. */
  tail: string[];
}

const TAIL_LINES = 5;

/** Rejects when the program cannot be started, or with the signal's reason after an abort has ended it. */
export async function runCommand(
  argv: readonly [string, ...string[]],
  options: { cwd: string; signal: AbortSignal; line: (text: string) => void },
): Promise<CommandResult> {
  options.signal.throwIfAborted();
  const [program, ...args] = argv;
  // a session of its own, so that an abort reaches the children too
  const child = spawn(program, args, { cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const kill = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it has ended by itself
    }
  };
  const tail: string[] = [];
  const take = (text: string) => {
    tail.push(text);
    if (tail.length > TAIL_LINES) tail.shift();
    options.line(text);
  };
  createInterface({ input: child.stdout }).on('line', take);
  createInterface({ input: child.stderr }).on('line', take);
  options.signal.addEventListener('abort', kill, { once: true });
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    options.signal.throwIfAborted();
    return { exitCode, tail };
  } finally {
    options.signal.removeEventListener('abort', kill);
  }
}
