/** Picks the distribution's own package sources out of a host's apt configuration. Pure but for reading files. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Distribution {
  /** `bookworm`, `noble`, … */
  codename: string;
  /** deb822 stanzas and one-line entries of that distribution; empty texts are left out. */
  deb822: string;
  oneLine: string;
}

const isOf = (codename: string, suite: string) => suite === codename || suite.startsWith(`${codename}-`);

/** Stanzas whose suites all belong to `codename`; a third party's repository has suites of its own. */
export function ownStanzas(text: string, codename: string): string[] {
  return text
    .split(/\n\s*\n/)
    .map((stanza) =>
      stanza
        .split('\n')
        .filter((line) => !line.startsWith('#'))
        .join('\n')
        .trim(),
    )
    .filter((stanza) => {
      const suites = /^Suites:\s*(.+)$/im.exec(stanza)?.[1]?.split(/\s+/) ?? [];
      const enabled = !/^Enabled:\s*(no|false)/im.test(stanza);
      return enabled && suites.length > 0 && suites.every((suite) => isOf(codename, suite));
    });
}

/** `deb` lines whose suite belongs to `codename`. */
export function ownLines(text: string, codename: string): string[] {
  return text.split('\n').filter((line) => {
    const match = /^deb\s+(?:\[[^\]]*\]\s+)?\S+\s+(\S+)/.exec(line.trim());
    return match?.[1] !== undefined && isOf(codename, match[1]);
  });
}

/** What this host installs its own packages from; null on a host that is no Debian or its like. */
export async function readDistribution(etc = '/etc'): Promise<Distribution | null> {
  const release = await readFile(join(etc, 'os-release'), 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1];
  if (codename === undefined) return null;
  const folder = join(etc, 'apt/sources.list.d');
  const names = (await readdir(folder).catch(() => [])).sort();
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  const deb822: string[] = [];
  const oneLine = ownLines(await read(join(etc, 'apt/sources.list')), codename);
  for (const name of names) {
    const text = await read(join(folder, name));
    if (name.endsWith('.sources')) deb822.push(...ownStanzas(text, codename));
    if (name.endsWith('.list')) oneLine.push(...ownLines(text, codename));
  }
  return { codename, deb822: deb822.join('\n\n'), oneLine: oneLine.join('\n') };
}
