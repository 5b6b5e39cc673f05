/** Reads a Procfile: process type → command. */

export function parseProcfile(text: string | undefined): ReadonlyMap<string, string> {
  const commands = new Map<string, string>();
  for (const line of (text ?? '').split(/\r?\n/)) {
    const match = /^\s*([A-Za-z0-9_-]+)\s*:\s*(.+?)\s*$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) commands.set(match[1], match[2]);
  }
  return commands;
}

/** The command that runs once per deployment before anything is started: the Procfile's `release:` line. */
export function releaseCommandOf(procfile: string | undefined): string | null {
  return parseProcfile(procfile).get('release') ?? null;
}
