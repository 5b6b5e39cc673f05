/** The attack list after a run: each case of docs/security.md with what became of the tests that it names. */
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const ROOT = resolve(import.meta.dirname, '../..');
const DOCUMENT = join(ROOT, 'docs', 'security.md');
/** Fewer were not the whole suite: then one line will do. */
const WHOLE = 40;

export interface Case {
  name: string;
  what: string;
  /** Test files that it stands on; none: open. */
  files: readonly string[];
}

/** The rows of the table. A test is linked where it is first named, and named by the link's word from then on. Pure. */
export function readCases(markdown: string): Case[] {
  const links = new Map<string, string>();
  for (const [, word = '', target = ''] of markdown.matchAll(/\[([\w/ -]+)\]\(\.\.\/([^)]+\.ts)\)/g))
    links.set(word, target);
  const rows = markdown.split('\n').flatMap((line) => /^\| (\d[^|]*) \| ([^|]*) \| [^|]* \| (.*) \|$/.exec(line) ?? []);
  const cases: Case[] = [];
  for (let at = 0; at < rows.length; at += 4) {
    const [, name = '', what = '', where = ''] = rows.slice(at, at + 4);
    const said = where.replaceAll(/\]\([^)]*\)/g, ']');
    const named = [...links].filter(([word]) => new RegExp(`(^|[^\\w/])${word}($|[^\\w/])`).test(said));
    cases.push({ name, what, files: [...new Set(named.map(([, file]) => file))] });
  }
  return cases;
}

export type Result = 'as expected' | 'NOT AS EXPECTED' | 'not run' | 'open';

/** `passed`: file → whether all of its tests passed, for those that ran. Helpers of tests, which run in others, say nothing. */
export function resultOf({ files }: Case, passed: ReadonlyMap<string, boolean>): Result {
  if (files.length === 0) return 'open';
  const known = files.flatMap((file) => passed.get(file) ?? []);
  if (known.includes(false)) return 'NOT AS EXPECTED';
  return known.length === 0 ? 'not run' : 'as expected';
}

export class AttackTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const passed = new Map(modules.map((module) => [relative(ROOT, module.moduleId), module.ok()]));
    if (![...passed.keys()].some((file) => file.startsWith('test/attacks/'))) return;
    const rows = readCases(readFileSync(DOCUMENT, 'utf8')).map((row) => ({ ...row, result: resultOf(row, passed) }));
    const tried = rows.filter(({ result }) => result === 'as expected' || result === 'NOT AS EXPECTED');
    const isWhole = tried.length >= WHOLE;
    const lines = rows
      .filter(({ result }) => isWhole || result === 'NOT AS EXPECTED')
      .map(({ name, what, result }) => `  ${name.padEnd(7)} ${result.padEnd(16)} ${what}`);
    const good = tried.filter(({ result }) => result === 'as expected');
    process.stdout.write(
      `\n${[`attack list: ${tried.length} of ${rows.length} rows tried, ${good.length} as expected`, ...lines].join('\n')}\n`,
    );
  }
}
