import { PreflightError } from './errors.ts';

/** How a command is run: by itself, or by `sh`. */
export type CommandLine =
  | { readonly words: readonly [program: string, ...args: string[]] }
  | { readonly script: string };

/** Characters with a meaning for a shell outside of quotes. `=` and `#` have one only in certain places. */
const SHELL_ONLY = /[|&;<>()$`*?[\]{}~!\n]/;
/** Characters with a meaning inside double quotes. */
const EXPANDED = /[$`]/;
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/** Reads words as a shell does, with its quotes and backslashes; undefined for a command that needs a shell. */
class WordReader {
  readonly #text: string;
  #at = 0;
  #needsShell = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws PreflightError for a quote that does not end */
  read(): string[] | undefined {
    const words: string[] = [];
    for (this.#skipBlanks(); this.#at < this.#text.length; this.#skipBlanks()) {
      if (this.#text[this.#at] === '#') this.#needsShell = true;
      words.push(this.#word(words.length === 0));
    }
    return this.#needsShell ? undefined : words;
  }

  #skipBlanks(): void {
    while (/[ \t]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #word(isFirst: boolean): string {
    const begin = this.#at;
    let word = '';
    while (this.#at < this.#text.length && !/[ \t]/.test(this.#text[this.#at]!)) word += this.#piece();
    if (isFirst && ASSIGNMENT.test(this.#text.slice(begin))) this.#needsShell = true;
    return word;
  }

  #piece(): string {
    const char = this.#text[this.#at++]!;
    if (char === "'") return this.#untilQuote(char);
    if (char === '"') return this.#untilQuote(char);
    if (char === '\\') return this.#text[this.#at++] ?? '\\';
    if (SHELL_ONLY.test(char)) this.#needsShell = true;
    return char;
  }

  #untilQuote(quote: string): string {
    let text = '';
    for (;;) {
      const char = this.#text[this.#at++];
      if (char === undefined) {
        throw new PreflightError(`The command ${this.#text} has a ${quote} that is not closed (--command): close it.`);
      }
      if (char === quote) return text;
      if (quote === "'") text += char;
      else text += this.#quoted(char);
    }
  }

  #quoted(char: string): string {
    if (EXPANDED.test(char)) this.#needsShell = true;
    if (char !== '\\' || !/["\\$`]/.test(this.#text[this.#at] ?? '')) return char;
    return this.#text[this.#at++]!;
  }
}

/**
 * Splits a command into words as a shell does. A command with any other shell syntax (a pipe, a variable, `&&`, a
 * pattern, an assignment in front) is a script for `sh`.
 * @throws PreflightError for a quote that does not end
 */
export function parseCommand(text: string): CommandLine {
  const words = new WordReader(text).read();
  if (words === undefined) return { script: text };
  const [program = '', ...args] = words;
  return { words: [program, ...args] };
}
