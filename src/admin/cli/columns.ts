/** Tables in columns of dynamic width, as varnishd lays them out. */

/** Characters of a line, if the columns fit. */
const LINE = 80;

/** What stands in front of a line that is no row of the table, and is left as it is. */
type Line = readonly string[] | string;

/** @param lines rows of cells; a string is a line of its own, outside of the columns */
export function columns(lines: readonly Line[]): string {
  const rows = lines.filter((line) => typeof line !== 'string');
  const count = Math.max(0, ...rows.map((row) => row.length));
  if (count === 0) return '';
  const widths = Array.from({ length: count }, (_, at) => Math.max(0, ...rows.map((row) => width(row[at]))));
  // Separators are not counted here, and all columns are, the last one too.
  const longest = Math.max(...rows.map((row) => row.reduce((sum, cell) => sum + width(cell) + 1, -1)));
  const gap = Math.min(3, Math.max(1, Math.trunc((LINE - longest) / count)));
  const text = lines.map((line) =>
    typeof line === 'string'
      ? line
      : line
          .map((cell, at) => (at === line.length - 1 ? cell : padded(cell, (widths[at] ?? 0) + gap)))
          .join(''),
  );
  return text.map((line) => `${line}\n`).join('');
}

function width(cell: string | undefined): number {
  return cell === undefined ? 0 : cell.length;
}

function padded(cell: string, to: number): string {
  return cell.padEnd(to);
}
