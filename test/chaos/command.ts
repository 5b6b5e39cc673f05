/** Runs one program of the host to its end, by argv. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MAX_BYTES = 16 * 1024 * 1024;

/** Its standard output; rejects when it fails or takes longer. */
export async function command(file: string, args: readonly string[], timeoutMs = 120_000): Promise<string> {
  return (await run(file, [...args], { timeout: timeoutMs, maxBuffer: MAX_BYTES })).stdout;
}
