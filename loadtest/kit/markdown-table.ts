export type Align = 'left' | 'right';

/** A table in Markdown. With `padded`, its columns are aligned for reading as it is. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  {
    align = (column) => (column === 0 ? 'left' : 'right'),
    padded = false,
  }: { align?: (column: number) => Align; padded?: boolean } = {},
): string {
  const widths = head.map((_, column) => (padded ? Math.max(...[head, ...rows].map((row) => row[column]!.length)) : 0));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (align(column) === 'left' ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    align(column) === 'left' ? '-'.repeat(padded ? width : 3) : `${'-'.repeat(padded ? width - 1 : 3)}:`,
  );
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Measurements side by side: a row for each quantity, a column for each measurement. */
export function comparison<Measured>(
  names: readonly string[],
  measured: readonly Measured[],
  rows: readonly (readonly [what: string, value: (one: Measured) => string])[],
  align?: (column: number) => Align,
): string {
  return markdownTable(
    ['', ...names],
    rows.map(([what, value]) => [what, ...measured.map(value)]),
    align ? { align } : {},
  );
}
