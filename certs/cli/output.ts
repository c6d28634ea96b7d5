import { CommanderError } from '@commander-js/extra-typings';
import { CertificateError } from '../errors.ts';
import { printable, printableJson, printableLines } from '../printable.ts';
import type { CommonOptions } from './options.ts';

/** Where results go: text for people, or with --json one object. */
export interface Output {
  /** The one result of a command. */
  result(text: string, data: object): void;
  /** Goes to standard error; in JSON it is one of `warnings`. */
  warn(text: string): void;
  /** Progress of a long-running command; silent with --json. */
  progress(text: string): void;
}

class ProcessOutput implements Output {
  readonly #json: boolean;
  readonly #warnings: string[] = [];
  #data: object | undefined;

  constructor(json: boolean) {
    this.#json = json;
  }

  result(text: string, data: object): void {
    if (this.#json) this.#data = data;
    else process.stdout.write(`${printableLines(text)}\n`);
  }

  warn(text: string): void {
    if (this.#json) this.#warnings.push(text);
    else process.stderr.write(`Warning: ${printable(text)}\n`);
  }

  progress(text: string): void {
    if (!this.#json) process.stderr.write(`${printable(text)}\n`);
  }

  fail({ code, message }: CertificateError): void {
    if (this.#json) this.#data = { error: { code, message } };
    else process.stderr.write(`${message}\n`);
  }

  /** Writes the JSON once everything is known. */
  end(): void {
    if (this.#data === undefined) return;
    const data = this.#warnings.length === 0 ? this.#data : { ...this.#data, warnings: this.#warnings };
    process.stdout.write(`${printableJson(data)}\n`);
  }
}

/** Runs a command and prints its result, or the error that it expects. Resolves with the exit code. */
export async function report(json: boolean, run: (output: Output) => Promise<number>): Promise<number> {
  const output = new ProcessOutput(json);
  try {
    return await run(output);
  } catch (error) {
    const expected = error instanceof CommanderError ? new CertificateError('invalid_usage', error.message) : error;
    if (!(expected instanceof CertificateError)) throw error;
    output.fail(expected);
    return expected.exitCode;
  } finally {
    output.end();
  }
}

/** The action of a command, which resolves with the exit code. Typed by the command that it is given to. */
export const runs =
  <Parameters extends unknown[]>(action: (output: Output, ...parameters: Parameters) => Promise<number>) =>
  async (...parameters: Parameters): Promise<void> => {
    // Commander appends the options and the command to the arguments.
    const { json } = parameters.at(-2) as CommonOptions;
    process.exitCode = await report(json === true, (output) => action(output, ...parameters));
  };

export function usage(message: string): CertificateError {
  return new CertificateError('invalid_usage', message);
}
