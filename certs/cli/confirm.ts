import { createInterface } from 'node:readline/promises';
import { usage } from './output.ts';

/**
 * Asks the user at the terminal. False when the answer is anything but yes.
 * @throws CertificateError where nobody can be asked
 */
export async function confirm(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw usage('Nobody is at a terminal to be asked: say --yes to go on without a question.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
