/** Builds the command line out of the catalogue and runs it. Decides nothing about what commands do. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { asCommandError, makeCall, type Options, printError } from './call.ts';
import { CATALOGUE, type Entry, OPTIONS } from './catalogue.ts';
import type { Io } from './io.ts';
import { type CommandError, EXIT_CODES, exitCode, usageError } from './output/exit.ts';

const GROUPS: Readonly<Record<string, string>> = {
  apps: 'create, list, show and delete apps',
  env: 'an app’s variables',
  domains: 'an app’s own host names',
  certificates: 'what HTTPS is served with',
  maintenance: 'a page in place of the app',
  tokens: 'API tokens',
  keys: 'public keys for git over SSH',
  webhooks: 'addresses that are told of deployments',
  orgs: 'organisations',
  members: 'who belongs to an organisation',
  contexts: 'the servers that are kept',
  credential: 'git credential helper',
};

const LAUNCHED = [
  ['up', 'run the platform in the foreground'],
  ['rekey', 'seal the stored secrets under a new key'],
  ['down', 'end what it left running'],
] as const;

/** Runs one command line; resolves with the exit code and never rejects. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const program = buildProgram(io);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode('fine');
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCode('fine');
    const trouble = error instanceof CommanderError ? usageOf(error) : asCommandError(error, io.signal);
    printError(io, trouble, args.includes('--json'));
    return exitCode(trouble.exit);
  }
}

function usageOf(error: CommanderError): CommandError {
  const missing = error.code === 'commander.help' ? 'say which command; the help above lists them.' : error.message;
  return usageError(missing.replace(/^error: /, '').replace(/\s*\n\(/, ' ('));
}

function buildProgram(io: Io): Command {
  const program = new Command('teal')
    .description('git push, built, checked and switched live without losing a request.')
    .usage('<command> [options]')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Usage errors are printed by run(), in the same shape as every other error.
      writeErr: (text) => (text.startsWith('error: ') ? undefined : io.stderr.write(text)),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText('after', helpTail());
  // The launcher takes these before they get here; they stand here to be found.
  for (const [name, summary] of LAUNCHED) {
    program
      .command(name)
      .summary(`${summary} (see "teal ${name} --help")`)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw usageError(`"${name}" is started by the launcher: run ./teal ${name}.`);
      });
  }
  for (const entry of CATALOGUE) addCommand(program, entry, io);
  return program;
}

function addCommand(program: Command, entry: Entry, io: Io): void {
  const [first = '', second = '', ...others] = entry.usage.split(' ');
  const isGrouped = first in GROUPS;
  const parent = isGrouped ? groupOf(program, first) : program;
  const command = parent.command(isGrouped ? [second, ...others].join(' ') : entry.usage).summary(entry.summary);
  command.description(`${entry.summary}.`);
  for (const name of [...(entry.options ?? []), 'json'] as const) {
    const [flags, text] = OPTIONS[name];
    if (name === 'lines' || name === 'expires') command.option(flags, text, readCount);
    else command.option(flags, text);
  }
  command.action(async (...given: unknown[]) => {
    const words = given
      .slice(0, -2)
      .flat()
      .filter((word) => word !== undefined) as string[];
    const run = await entry.load();
    await run(makeCall(io, words, command.opts<Options>()));
  });
}

function groupOf(program: Command, name: string): Command {
  return (
    program.commands.find((command) => command.name() === name) ?? program.command(name).description(GROUPS[name] ?? '')
  );
}

function readCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function helpTail(): string {
  const codes = EXIT_CODES.map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n');
  return `
The server is TEAL_URL with the token TEAL_TOKEN, else what "teal login" has kept, else http://localhost:4000.

Exit codes:
${codes}`;
}
