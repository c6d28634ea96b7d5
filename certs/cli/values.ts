// Parsers of the values of options.
import { InvalidArgumentError } from '@commander-js/extra-typings';

/** Refuses a value; commander puts the flag and the value in front. */
export function refuse(allowed: string): never {
  throw new InvalidArgumentError(`Allowed: ${allowed}.`);
}

/** For an option that may be given several times: the values so far, and one more. */
export const several =
  <T>(parse: (text: string) => T) =>
  (text: string, previous: readonly T[] | undefined): T[] => [...(previous ?? []), parse(text)];

/** One of `allowed`, where `.choices()` does not fit: for a repeated option, or a typed one. */
export const oneOf =
  <const T extends string>(allowed: readonly T[]) =>
  (text: string): T =>
    allowed.find((each) => each === text) ?? refuse(allowed.join(', '));

const DAY_MS = 24 * 60 * 60 * 1000;

/** A number of days, in milliseconds. */
export function days(text: string): number {
  const value = Number(text);
  return value > 0 && value < 100_000 ? value * DAY_MS : refuse('a number of days such as 7 or 0.5');
}

/** The option in days, or `otherwise` without it. */
export const wholeDays = (ms: number | undefined, otherwise: number): number =>
  ms === undefined ? otherwise : ms / DAY_MS;

/** A number of seconds of at least 0.1, in milliseconds. */
export function seconds(text: string): number {
  const value = Number(text);
  return value >= 0.1 ? value * 1000 : refuse('a number of seconds of at least 0.1');
}

export function time(text: string): Date {
  const value = new Date(text);
  return Number.isNaN(value.getTime()) ? refuse('a time such as 2027-01-31T12:00:00Z') : value;
}
