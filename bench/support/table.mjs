/** Markdown tables that can be read as they are: what a benchmark prints can go into BENCHMARKS.md. */

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows the first column is text, the others are numbers
 */
export function markdownTable(head, rows) {
  const widths = head.map((title, column) => {
    return Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0));
  });
  const line = (cells) =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function pad(cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
