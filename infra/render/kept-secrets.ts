import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Answer } from './provider-answers.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const password = (length: number): string => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');

/** The values of a stack's random resources, kept in a file so that a second rendering has the same values. */
export class KeptSecrets {
  readonly #file: string;
  readonly #values: Record<string, string>;

  /** @throws SyntaxError when the file is there and is not JSON */
  constructor(file: string) {
    this.#file = file;
    this.#values = read(file);
  }

  /** Answers for the resources that make random values, and for no other. */
  readonly answer: Answer = ({ type, name, inputs }) => {
    if (type === 'random:index/randomPassword:RandomPassword') {
      return { result: this.#keep(name, () => password(Number(inputs.length))) };
    }
    if (type !== 'random:index/randomBytes:RandomBytes') return undefined;
    const base64 = this.#keep(name, () => randomBytes(Number(inputs.length)).toString('base64'));
    return { base64, hex: Buffer.from(base64, 'base64').toString('hex') };
  };

  #keep(name: string, make: () => string): string {
    const kept = this.#values[name];
    if (kept !== undefined) return kept;
    const value = make();
    this.#values[name] = value;
    mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const text = `${JSON.stringify(this.#values, null, 2)}\n`;
    writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
    return value;
  }
}

function read(file: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
