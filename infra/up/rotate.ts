import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Pki } from '../components/certificates/pki-plan.ts';
import type { Config } from '../config/config.ts';
import { PreflightError } from '../local/errors.ts';
import { stackExists } from './backend.ts';
import { agreed, exitCodeOf, requireTerminal } from './command.ts';
import { EdgeWatch } from './edge-watch.ts';
import { checkedInFile } from './paths.ts';
import { AFTER, CHANGES_LEAF, rotated, type Step } from './pki.ts';
import { unfinishedStep, withRotation } from './pki-file.ts';
import type { ServedLeaf } from './served-leaf.ts';
import { openStack, readRequest, type StackRequest } from './stack.ts';
import { writeKeepingMode } from './stack-file.ts';
import { bringUp, requireReachable, sayReady } from './up.ts';

const readIfThere = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** @throws PreflightError when it is not the time for a step */
function requireTurn({ stack, paths, config }: StackRequest): void {
  const file = checkedInFile(stack);
  const unfinished = unfinishedStep(readIfThere(file));
  if (unfinished) {
    throw new PreflightError(
      `The step ${unfinished} of ${path.basename(file)} has not succeeded yet: npm run up -- --stack ` +
        `${stack} goes on with it.`,
    );
  }
  if (config.certificates === 'files') {
    throw new PreflightError(
      'The certificates of this stack are files: rotate them with npm run certs, then npm run up.',
    );
  }
  if (!stackExists(paths, stack)) {
    throw new PreflightError(`The stack ${stack} is not up, so there is nothing to rotate: npm run up first.`);
  }
}

function failed({ stack }: Config, step: Step, before: Pki): void {
  const name = path.basename(checkedInFile(stack));
  process.stderr.write(
    `${name} asks for the step ${step}, and up has not succeeded with it. Fix what it says above, then ` +
      `npm run up -- --stack ${stack} goes on; to go back, set gridlock:pki in ${name} to ${JSON.stringify(before)} ` +
      'and do the same.\n',
  );
}

export interface RotateOptions {
  /** Shows what would change, and changes nothing. */
  dryRun?: boolean | undefined;
  /** Does not ask. */
  yes?: boolean | undefined;
  /** Also runs the policy pack. */
  policies?: boolean | undefined;
}

/**
 * Writes a step of a rotation into the stack's file, and brings the stack up.
 * @param args --stack and --state-dir
 * @returns the exit code
 * @throws ConfigError or PreflightError before anything was changed
 */
export async function rotate(
  step: Step,
  args: readonly string[],
  { dryRun = false, yes = false, policies = false }: RotateOptions,
): Promise<number> {
  const now = readRequest(args);
  requireTurn(now);
  const before = now.config.pki;
  const after = rotated(before, step);
  if (!dryRun && !yes) requireTerminal('rotate');
  process.stdout.write(`gridlock:pki  ${JSON.stringify(before)}\n           -> ${JSON.stringify(after)}\n`);

  const next = readRequest([...args, '--pki', JSON.stringify(after)]);
  const edge = EdgeWatch.of(next.config, next.paths);
  if (step === 'root-retire' && !dryRun) await edge?.requireIssuedBy(after.issuing);
  const engine = await openStack(next, requireReachable(next.config));
  if (!yes) {
    const { code } = await bringUp(next, engine, { preview: true, policies });
    if (code !== 0 || dryRun) return exitCodeOf(code);
    if (!(await agreed(`Do the step ${step}?`))) return 0;
  }
  const file = checkedInFile(next.stack);
  writeKeepingMode(file, withRotation(readIfThere(file), step, before, after));
  const served = CHANGES_LEAF.includes(step) ? await servedNow(edge) : undefined;
  const { code, url } = await bringUp(next, engine, { yes: true, policies });
  if (code !== 0) {
    failed(next.config, step, before);
    return exitCodeOf(code);
  }
  await sayReady(next, url);
  if (edge && served) {
    const pods = await edge.untilReplaced(served);
    const serve = pods === 1 ? 'pod of the edge serves' : 'pods of the edge serve';
    process.stdout.write(`${pods} ${serve} the new certificate.
`);
  }
  process.stdout.write(`${AFTER[step]}\n`);
  return 0;
}

/** The certificates of the edge before a step; undefined, with a message, if they cannot be read. */
async function servedNow(edge: EdgeWatch | undefined): Promise<ServedLeaf[] | undefined> {
  try {
    return await edge?.served();
  } catch (error) {
    process.stderr.write(
      `Cannot read what the edge serves, so this does not wait for it: ${(error as Error).message}.\n`,
    );
    return undefined;
  }
}
