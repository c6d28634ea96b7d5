import { CODE_ALPHABET, CODE_LENGTH } from '../../protocol/index.ts';

/** A round trip in whole milliseconds, or a dash before the first one. */
export function formatRoundTrip(ms: number | undefined): string {
  if (ms === undefined) return '– ms';
  return ms < 1 ? '<1 ms' : `${Math.round(ms)} ms`;
}

/** `1 reconnect`, `2 reconnects`: `noun` in the number that fits. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** The suffixes that make 1 the 1st, 2 the 2nd, 3 the 3rd and 4 the 4th. */
export function ordinalSuffix(n: number): string {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return teen ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[n % 10] ?? 'th');
}

/** `Ann`, `Ann and Ben`, `Ann, Ben and Cleo`. */
export function list(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? '';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** What a screen reader says for a cell; `holder` is undefined while nobody holds it. */
export function cellLabel(cell: number, size: number, holder: string | undefined): string {
  const place = `row ${Math.floor(cell / size) + 1}, column ${(cell % size) + 1}`;
  return `${place}, ${holder === undefined ? 'free' : `held by ${holder}`}`;
}

/** The game code in a typed or pasted text (a code, or a whole link); undefined when there is none. */
export function readCode(text: string): string | undefined {
  const code = text
    .slice(text.lastIndexOf('#') + 1)
    .replace(/[\s-]/g, '')
    .toUpperCase();
  const known = [...code].every((letter) => CODE_ALPHABET.includes(letter));
  return known && code.length === CODE_LENGTH ? code : undefined;
}

/** The link that leads to a game. `origin` is that of the page. */
export const gameLink = (origin: string, code: string): string => `${origin}/#${code}`;
