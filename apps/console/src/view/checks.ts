/** The paths that checks ask for, and the variables that name them. */
import type { Variables } from './variables.ts';

const NAME = /^CC_HEALTH_CHECK_PATH(_\d+)?$/;

function names(variables: Variables): string[] {
  return Object.keys(variables)
    .filter((name) => NAME.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

export function checkPaths(variables: Variables): string[] {
  return names(variables).map((name) => variables[name] ?? '');
}

export interface CheckChange {
  set: Record<string, string>;
  unset: string[];
  problem: string | null;
}

/** What makes the variables name the paths of `text`: one a line, empty lines left out. */
export function checkVariables(variables: Variables, text: string): CheckChange {
  const paths = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const wanted: Record<string, string> = {};
  for (const [index, path] of paths.entries())
    wanted[paths.length === 1 ? 'CC_HEALTH_CHECK_PATH' : `CC_HEALTH_CHECK_PATH_${index}`] = path;
  const wrong = paths.find((path) => !path.startsWith('/'));
  return {
    set: Object.fromEntries(Object.entries(wanted).filter(([name, path]) => variables[name] !== path)),
    unset: names(variables).filter((name) => !Object.hasOwn(wanted, name)),
    problem: wrong === undefined ? null : `A path begins with /, unlike ${wrong}`,
  };
}
