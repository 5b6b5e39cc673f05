/** What the record of activity says of a deed, in short statements. */

const LONGEST = 120;
const COMMIT = /\b[0-9a-f]{40}\b/g;

export function factWords(facts: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(facts)
    .filter(([, value]) => value !== null && value !== undefined && said(value) !== '')
    .map(([name, value]) => `${words(name)}: ${shortened(said(value))}`);
}

/** `expiresAt` → `expires at` */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function said(value: unknown): string {
  if (Array.isArray(value)) return value.map(said).join(', ');
  if (typeof value === 'string')
    return value.replace(COMMIT, (commit) => (/^0+$/.test(commit) ? 'nothing' : commit.slice(0, 7)));
  if (typeof value !== 'object' || value === null) return String(value);
  if ('before' in value && 'after' in value) return `${said(value.before)} → ${said(value.after)}`;
  return Object.entries(value)
    .map(([name, inner]) => `${words(name)} ${said(inner)}`)
    .join(', ');
}

function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
