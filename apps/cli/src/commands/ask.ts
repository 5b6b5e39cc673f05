/** Asks the person at the terminal, or reads what is piped in. */
import { Writable } from 'node:stream';
import type { Io } from '../io.ts';

const PIPED_MAX_CHARACTERS = 64 * 1024;

/** One line typed at the terminal; with `hidden` it is not echoed. Empty at end of input. */
export async function ask(io: Io, options: { question: string; hidden?: boolean }): Promise<string> {
  const { createInterface } = await import('node:readline');
  io.stderr.write(options.question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({
    input: io.stdin,
    terminal: true,
    output: options.hidden === true ? nowhere : (io.stderr as NodeJS.WritableStream),
  });
  try {
    return await new Promise<string>((resolve, reject) => {
      terminal.once('line', resolve);
      terminal.once('close', () => resolve(''));
      // In raw mode Ctrl-C arrives here, not as a signal.
      terminal.once('SIGINT', () => reject(new DOMException('interrupted', 'AbortError')));
    });
  } finally {
    terminal.close();
    if (options.hidden === true) io.stderr.write('\n');
  }
}

/** All that is piped in, up to 64 KiB. */
export async function readPiped(io: Io): Promise<string> {
  let text = '';
  for await (const chunk of io.stdin) {
    text += String(chunk);
    if (text.length > PIPED_MAX_CHARACTERS) break;
  }
  return text;
}
