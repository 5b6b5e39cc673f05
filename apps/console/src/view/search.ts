/** Finds lines by their text, as a reader sees it: without colours, whatever the case. */

const COLOURS = /\u001b\[[0-9;:]*m/g;
const plain = new WeakMap<object, string>();

/** The line's text in small letters, kept with the line. */
function plainText<T extends object>(line: T, textOf: (line: T) => string): string {
  let text = plain.get(line);
  if (text === undefined) {
    text = textOf(line).replace(COLOURS, '').toLowerCase();
    plain.set(line, text);
  }
  return text;
}

/** Indexes of the lines that hold `search`, in order; none for an empty search. */
export function findLines<T extends object>(
  lines: readonly T[],
  search: string,
  textOf: (line: T) => string,
): number[] {
  const wanted = search.toLowerCase();
  if (wanted === '') return [];
  const found: number[] = [];
  for (const [index, line] of lines.entries()) if (plainText(line, textOf).includes(wanted)) found.push(index);
  return found;
}

/** The lines as a file for a reader without a terminal. */
export function plainFile<T>(lines: readonly T[], textOf: (line: T) => string): string {
  return lines.map((line) => `${textOf(line).replace(COLOURS, '')}\n`).join('');
}
