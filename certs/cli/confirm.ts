import { createInterface } from 'node:readline/promises';
import { usage } from './output.ts';

/**
 * Asks the user at the terminal. False when the answer is anything but yes.
 * @throws CertificateError without a terminal
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage('There is no terminal to ask at: use --yes to continue without a question.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
