/** Words for `sh`: quoting, and letting a command replace its shell. Runs nothing. */

/** `text` as one literal word, whatever it holds. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A file for `. FILE` that exports every variable with exactly its value. Names must be valid variable names. */
export function exportLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join('');
}

const CONTROL = /[;&|()\n<>`]|\$\(/;
const ASSIGNMENTS = /^(?:[A-Za-z_]\w*=(?:'[^']*'|"[^"$]*"|[^\s'"$]*)\s+)*/;
const BUILTINS = new Set(
  'if then else for while until case do { ! [ [[ cd export set unset eval exec exit source . : test true false trap ulimit umask wait command alias read'.split(
    ' ',
  ),
);

/** Puts `exec` before a simple command, so that signals reach it and no shell stays; leaves others as they are. */
export function execForm(command: string): string {
  const text = command.trim();
  if (CONTROL.test(text)) return text;
  const assignments = ASSIGNMENTS.exec(text)?.[0] ?? '';
  const rest = text.slice(assignments.length);
  const first = rest.split(/\s/, 1)[0] ?? '';
  if (first === '' || BUILTINS.has(first) || !/^[A-Za-z0-9_./@+-]+$/.test(first)) return text;
  return `${assignments}exec ${rest}`;
}
