import { readConfig } from '../config/config.ts';
import { PreflightError } from '../local/errors.ts';
import { stackExists } from './backend.ts';
import { ROOT, upPaths } from './paths.ts';
import { openKnownStack } from './stack.ts';

/** Outputs that are shown only on request. */
const SECRET = ['kubeconfig'];

export interface OutputsOptions {
  /** All of them, as JSON. */
  json?: boolean | undefined;
  /** Secret ones too. */
  showSecrets?: boolean | undefined;
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trimEnd() : JSON.stringify(value));

/** One line of a table; further lines of a value are only counted. */
function row([name, value]: [string, unknown]): string {
  const lines = text(value).split('\n');
  return `${name.padEnd(16)} ${lines.length === 1 ? lines[0] : `${lines[0]} (and ${lines.length - 1} lines more)`}`;
}

/**
 * Prints the outputs of a stack: all of them, or one unchanged.
 * @param args --stack and --state-dir
 * @returns the exit code
 * @throws PreflightError when the stack is not up, or has no such output
 */
export function outputs(
  name: string | undefined,
  args: readonly string[],
  { json = false, showSecrets = false }: OutputsOptions,
): number {
  const { stack, stateDir } = readConfig({ args, directory: ROOT });
  const paths = upPaths(stateDir, stack);
  if (!stackExists(paths, stack)) {
    throw new PreflightError(
      `The stack ${stack} is not up, so it has no outputs: npm run up -- --stack ${stack} first.`,
    );
  }
  const all = openKnownStack(stack, paths).outputs();
  if (name !== undefined) {
    if (!Object.hasOwn(all, name)) {
      throw new PreflightError(`There is no output ${name}: there are ${Object.keys(all).sort().join(', ')}.`);
    }
    process.stdout.write(`${text(all[name])}\n`);
    return 0;
  }
  const shown = Object.entries(all)
    .map(([key, value]): [string, unknown] => [key, SECRET.includes(key) && !showSecrets ? '[secret]' : value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  process.stdout.write(
    json ? `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n` : `${shown.map(row).join('\n')}\n`,
  );
  return 0;
}
