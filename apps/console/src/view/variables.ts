/** Variables as text and back, and what a change of them would do. Values may be secret: only names are for showing. */

export type Variables = Readonly<Record<string, string>>;

export interface VariablesDiff {
  added: string[];
  changed: string[];
  removed: string[];
}

/** One `NAME=value` a line; values with line ends or quotes are written as JSON strings. */
export function variablesText(variables: Variables): string {
  return Object.entries(variables)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => `${name}=${/[\n\r"]|^\s|\s$/.test(value) ? JSON.stringify(value) : value}\n`)
    .join('');
}

/** Empty lines and those that begin with # are left out. `problem` names the first line that is neither. */
export function parseVariables(text: string): { variables: Variables; problem: string | null } {
  const variables: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      return { variables, problem: `Line ${index + 1} is not NAME=value: use letters, digits and _ in the name.` };
    variables[name] = unquoted(value);
  }
  return { variables, problem: null };
}

export function diffVariables(before: Variables, after: Variables): VariablesDiff {
  const names = (of: Variables) => Object.keys(of).sort();
  return {
    added: names(after).filter((name) => !Object.hasOwn(before, name)),
    changed: names(after).filter((name) => Object.hasOwn(before, name) && before[name] !== after[name]),
    removed: names(before).filter((name) => !Object.hasOwn(after, name)),
  };
}

function unquoted(value: string): string {
  if (!/^".*"$/.test(value)) return value;
  try {
    const read: unknown = JSON.parse(value);
    return typeof read === 'string' ? read : value;
  } catch {
    return value.slice(1, -1);
  }
}
