import { spreadOf } from '../kit/statistics.ts';

/** The text of a cell without a measurement. */
export const NOTHING = '–';

const digits = (value: number) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

/** A number with a sensible number of digits. */
export const plain = (value: number): string => Number(value.toFixed(digits(value))).toLocaleString('en');

/** A median with its minimum and maximum. */
export function cell(numbers: readonly (number | undefined)[], scale = 1): string {
  const spread = spreadOf(numbers.flatMap((number) => (number === undefined ? [] : number * scale)));
  if (!spread) return NOTHING;
  const { median, least, most, of } = spread;
  return of === 1 ? plain(median) : `${plain(median)} (${plain(least)}–${plain(most)})`;
}

/** A table whose first two columns are words, and the others numbers. */
export const table = (head: readonly string[], body: readonly (readonly string[])[]): string =>
  [head, head.map((_, index) => (index < 2 ? '---' : '---:')), ...body]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
