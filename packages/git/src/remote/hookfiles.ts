/** Writes the hooks that every repository of Teal runs, and picks what runs them. Talks to nobody. */
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const HOOKS = ['pre-receive', 'post-receive'] as const;
export type HookName = (typeof HOOKS)[number];

export interface HookProgram {
  /** Program and script, without the hook's name and the socket. */
  argv: readonly [string, string];
}

export const PERL_PROGRAM: HookProgram = { argv: ['/usr/bin/perl', join(import.meta.dirname, 'hook.pl')] };

export function nodeProgram(nodePath: string): HookProgram {
  return { argv: [nodePath, join(import.meta.dirname, 'hook.cjs')] };
}

/** Replaces both hooks in `hooksDir`, each in one step, so that a push that runs meanwhile sees the old or the new one. */
export async function writeHooks(hooksDir: string, socketPath: string, program: HookProgram): Promise<void> {
  await mkdir(hooksDir, { recursive: true, mode: 0o755 });
  for (const hook of HOOKS) {
    const draft = join(hooksDir, `.${hook}.new`);
    await writeFile(draft, script(program, hook, socketPath));
    await chmod(draft, 0o755);
    await rename(draft, join(hooksDir, hook));
  }
}

function script(program: HookProgram, hook: HookName, socketPath: string): string {
  const words = [...program.argv, hook, socketPath].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return `#!/bin/sh\n# Written by Teal at every start.\nNODE_OPTIONS= PERL5OPT= exec ${words.join(' ')}\n`;
}
