// Usage: npm run rotate -- leaf|intermediate|root-accept|root-issue|root-retire [--stack dev] [--dry-run]
// [--yes] [flags]
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Pki } from '../config/cluster-keys.ts';
import { type Config, ConfigError } from '../config/config.ts';
import { PreflightError } from '../local/errors.ts';
import { stackExists } from './backend.ts';
import { bringUp, requireCluster } from './bring-up.ts';
import { exitCodeOf, requireTerminal, runCommand } from './command.ts';
import { refuseSwallowedFlags, takeSwitches, takeWord } from './flags.ts';
import { checkedInFile } from './paths.ts';
import { AFTER, rotated, STEPS, type Step } from './pki.ts';
import { unfinishedStep, withRotation } from './pki-file.ts';
import { openStack, readWish, type Wish } from './stack.ts';
import { writeKeepingMode } from './stack-file.ts';

const SWITCHES = ['dry-run', 'yes', 'policy-pack'] as const;

const HELP = `npm run rotate -- <step> [flags]

Edits gridlock:pki in the stack's file, then brings the stack up. The steps:

  leaf                           a new leaf
  intermediate                   a new intermediate, and a leaf of it
  root-accept                    a new root, which clients accept and which does not issue yet
  root-issue                     the new root issues
  root-retire                    the old root is no longer accepted

  --stack                        which stack (default dev)
  --dry-run                      show what would change, and change nothing
  --yes                          ask nothing
  --policy-pack                  refuse manifests that break a policy of infra/policies

The flags of npm run up are taken too: those the stack was brought up with have to be given again.
`;

function requireStep(word: string | undefined): Step {
  const step = STEPS.find((each) => each === word);
  if (step) return step;
  const what = word === undefined ? 'A step is missing' : `${JSON.stringify(word)} is no step`;
  throw new ConfigError(`${what}: npm run rotate -- ${STEPS.join('|')}`);
}

const readIfThere = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** @throws PreflightError when it is not the time for a step */
function requireTurn({ stack, paths, flags, config }: Wish): void {
  if (flags.has('pki')) throw new ConfigError('npm run rotate makes the next pki itself: leave --pki out.');
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

async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

function failed({ stack }: Config, step: Step, before: Pki): void {
  const name = path.basename(checkedInFile(stack));
  process.stderr.write(
    `${name} asks for the step ${step}, and up has not succeeded with it. Mend what it says above, then ` +
      `npm run up -- --stack ${stack} goes on; to go back, set gridlock:pki in ${name} to ${JSON.stringify(before)} ` +
      'and do the same.\n',
  );
}

await runCommand(async () => {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  refuseSwallowedFlags('rotate', SWITCHES);
  const { on, rest } = takeSwitches(args, SWITCHES);
  const { word, rest: flags } = takeWord(rest);
  const step = requireStep(word);
  const [dryRun, yes, policies] = [on.has('dry-run'), on.has('yes'), on.has('policy-pack')];

  const now = readWish(flags);
  requireTurn(now);
  const before = now.config.pki;
  const after = rotated(before, step);
  if (!dryRun && !yes) requireTerminal('rotate');
  process.stdout.write(`gridlock:pki  ${JSON.stringify(before)}\n           -> ${JSON.stringify(after)}\n`);

  const next = readWish([...flags, '--pki', JSON.stringify(after)]);
  const engine = openStack(next);
  requireCluster(next.config, engine);
  if (!yes) {
    const code = await bringUp(next, engine, { preview: true, policies });
    if (code !== 0 || dryRun) return exitCodeOf(code);
    if (!(await agreed(`Do the step ${step}?`))) return 0;
  }
  const file = checkedInFile(next.stack);
  writeKeepingMode(file, withRotation(readIfThere(file), step, before, after));
  const code = await bringUp(next, engine, { yes: true, policies });
  if (code === 0) process.stdout.write(`${AFTER[step]}\n`);
  else failed(next.config, step, before);
  return exitCodeOf(code);
});
