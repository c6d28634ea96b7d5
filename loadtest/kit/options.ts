/** A flag, or what it names, is wrong: the message is a sentence that says what, where and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Of the command that was called. */
  readonly exitCode = 2;
}

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** Whether fractions are allowed. */
  readonly fraction?: boolean;
}

/** The value of a flag as a number within a range. @throws UsageError */
export function numberIn(flag: string, text: string, { least, most, fraction = false }: NumberRange): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= least && number <= most && (fraction || Number.isInteger(number))) return number;
  const kind = fraction ? 'a number' : 'a whole number';
  throw new UsageError(`--${flag} is ${JSON.stringify(text)}; ${kind} from ${least} to ${most} is allowed.`);
}

/** The value of a flag as one of some words. @throws UsageError */
export function oneOf<Word extends string>(flag: string, text: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${flag} is ${JSON.stringify(text)}; ${words.join(', ')} are allowed.`);
}

/** The value of a flag as a list of some words, separated by commas, in the order of `words`. @throws UsageError */
export function someOf<Word extends string>(flag: string, text: string, words: readonly Word[]): readonly Word[] {
  const parts = text.split(',').map((part) => oneOf(flag, part.trim(), words));
  return words.filter((word) => parts.includes(word));
}

export type Design = 'stateless' | 'stateful';
export const DESIGNS: readonly Design[] = ['stateless', 'stateful'];
