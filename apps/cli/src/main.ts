/** The `teal` command: hands the process's arguments, streams and signals to the program. */
import { run } from './program.ts';

const interrupt = new AbortController();
let interrupts = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupts += 1;
    interrupt.abort();
    // The demo cleans up first; whoever insists gets out all the same.
    if (interrupts > 3) process.exit(130);
  });
}
// A reader that has seen enough (`teal logs -f | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupt.signal,
});
