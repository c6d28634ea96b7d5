import { styleText } from 'node:util';

/** Columns of text, as wide as their widest cell; the first row bold on a terminal if it is a heading in capitals. */
export function table(rows: readonly (readonly (string | number | undefined)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => String(cell ?? '')));
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const isHeading = cells[0]!.every((cell) => cell === cell.toUpperCase());
  if (isHeading) lines[0] = styleText('bold', lines[0]!, { stream: process.stdout });
  return `${lines.join('\n')}\n`;
}
