// Parsers of the values of options and arguments, for `.argParser()`.
import { accessSync, constants } from 'node:fs';
import { refuse } from '../../certs/cli/values.ts';

export { oneOf, several } from '../../certs/cli/values.ts';

/** A whole number from `least` to `most`. */
export const integer =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    const isFit = /^\d{1,16}$/.test(text) && value >= least && value <= most;
    return isFit ? value : refuse(`a whole number from ${least} to ${most}`);
  };

/** A number from `least` to `most`. */
export const decimal =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    return text.trim() !== '' && value >= least && value <= most ? value : refuse(`a number from ${least} to ${most}`);
  };

/** Text that matches a pattern. */
export const matching =
  (form: RegExp, what: string) =>
  (text: string): string =>
    form.test(text) ? text : refuse(what);

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** A duration such as `90s`, `30m`, `1h` or `7d`, or a number of seconds; in seconds. */
export const duration =
  (least: string, most: string) =>
  (text: string): number => {
    const value = secondsOf(text);
    const isFit = value >= secondsOf(least) && value <= secondsOf(most);
    return isFit ? value : refuse(`${least} to ${most}, written as 90s, 30m or 1h`);
  };

function secondsOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  return match ? Number(match[1]) * SECONDS[(match[2] || 's') as keyof typeof SECONDS] : Number.NaN;
}

/** A file that can be read. */
export function existingFile(text: string): string {
  try {
    accessSync(text, constants.R_OK);
    return text;
  } catch {
    return refuse('a file that is there and can be read');
  }
}
