/** The exit codes of the command and the one error class that carries them. Prints nothing. */

/** Every exit code with what it means; the help text prints this table. */
export const EXIT_CODES = [
  { name: 'fine', code: 0, meaning: 'it worked' },
  {
    name: 'failed',
    code: 1,
    meaning: 'the outcome is a failure: a deployment failed or was cancelled, a scene did not hold',
  },
  { name: 'usage', code: 2, meaning: 'the command or a value in it is not valid' },
  { name: 'notFound', code: 3, meaning: 'there is no such app, deployment or token' },
  { name: 'unauthenticated', code: 4, meaning: 'no token, or one that the server does not take' },
  { name: 'conflict', code: 5, meaning: 'not possible now: something else is live, running or missing' },
  { name: 'unreachable', code: 6, meaning: 'the server does not answer' },
  { name: 'interrupted', code: 130, meaning: 'ended by Ctrl-C' },
] as const;

export type Exit = (typeof EXIT_CODES)[number]['name'];

export function exitCode(exit: Exit): number {
  return EXIT_CODES.find((row) => row.name === exit)?.code ?? 1;
}

/** A trouble that ends the command: `message` is a sentence for people, `code` is for programs. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  readonly exit: Exit;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    exit: Exit,
    code: string,
    message: string,
    more: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.exit = exit;
    this.details = more.details;
  }
}

export function usageError(message: string): CommandError {
  return new CommandError('usage', 'usage', message);
}

/** What an answer's HTTP status means for the exit code. */
export function exitOfStatus(status: number): Exit {
  if (status === 401 || status === 403) return 'unauthenticated';
  if (status === 404) return 'notFound';
  if (status === 409) return 'conflict';
  if (status === 502 || status === 503 || status === 504) return 'unreachable';
  return status >= 400 && status < 500 ? 'usage' : 'failed';
}
