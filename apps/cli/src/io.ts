/** Everything the command takes from the process it runs in, so that nothing else reads globals. */

export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Io {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: Sink;
  stderr: Sink;
  /** Aborts on Ctrl-C and SIGTERM. */
  signal: AbortSignal;
}
