/** Aligned columns. Knows nothing of what is in them. */
import { stripVTControlCharacters } from 'node:util';

const GAP = '   ';

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}

/** Rows as aligned lines; trailing spaces are left out, and so is a column that is empty in every row. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows.map((row) =>
    widths
      .flatMap((size, column) => {
        const cell = row[column] ?? '';
        return size === 0 ? [] : [cell + ' '.repeat(size - width(cell))];
      })
      .join(GAP)
      .trimEnd(),
  );
}
