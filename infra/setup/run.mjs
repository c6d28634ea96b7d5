// Usage: node infra/setup/run.mjs <profile> [script and arguments...]
// Makes a checkout ready for a profile, then runs the script on the pinned Node. Runs on any Node from 20 on, without
// a single package; the `gridlock` command starts here, too.
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const FILE = fileURLToPath(import.meta.url);

export const PROFILES = ['packages', 'start', 'cluster', 'test', 'load', 'all'];

/** Installs what a profile lacks; ends the process with a sentence and exit code 2 when that is not possible. */
export async function setUp(root, profile) {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    process.stderr.write(`Gridlock's set-up needs Node ${OLDEST_NODE} or newer; this is ${process.version}.\n`);
    process.exit(2);
  }
  const { SetupError } = await import('./step.mjs');
  try {
    if (!PROFILES.includes(profile)) {
      throw new SetupError(`Usage: node infra/setup/run.mjs ${PROFILES.join('|')} [script and arguments...]`);
    }
    const { nodeStep } = await import('./node.mjs');
    const { packagesStep } = await import('./packages.mjs');
    const { systemPartsStep } = await import('./system-parts.mjs');
    const { toolsStep } = await import('./tools.mjs');
    const plans = [
      () => nodeStep(root),
      () => packagesStep(root, profile),
      () => systemPartsStep(profile),
      () => toolsStep(root, profile),
    ];
    if (!plans.some((plan) => plan())) return;
    const { withLock } = await import('./lock.mjs');
    // Planned again under the lock: another set-up may just have done it.
    await withLock(root, async () => {
      for (const plan of plans) await plan()?.();
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode);
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === FILE) {
  const root = path.resolve(path.dirname(FILE), '../..');
  const [profile, ...script] = process.argv.slice(2);
  await setUp(root, profile);
  if (script.length > 0) {
    const { runScript } = await import('./runtime.mjs');
    runScript(root, script);
  }
}
