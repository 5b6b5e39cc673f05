/** A log that tests can read. */
import type { Logger } from '@teal/deployer';

export function linesLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const write = (facts: object, message: string) => {
    const { err } = facts as { err?: Error };
    lines.push(err === undefined ? message : `${message}: ${err.message}`);
  };
  return { lines, log: { info: write, warn: write, error: write } };
}
