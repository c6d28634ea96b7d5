// Usage: node infra/setup/run.mjs <profile> [script and arguments...]
// Makes a checkout runnable (profile start, cluster, test, load or all), then runs the script on the pinned Node.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = 20;
const PROFILES = ['start', 'cluster', 'test', 'load', 'all'];

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(`Gridlock's set-up needs Node ${OLDEST_NODE} or newer; this is ${process.version}.\n`);
  process.exit(2);
}

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const [profile, ...script] = process.argv.slice(2);

try {
  if (!PROFILES.includes(profile)) {
    const { SetupError } = await import('./step.mjs');
    throw new SetupError(`Usage: node infra/setup/run.mjs ${PROFILES.join('|')} [script and arguments...]`);
  }
  const { packagesStep } = await import('./packages.mjs');
  const { systemPartsStep } = await import('./system-parts.mjs');
  const { toolsStep } = await import('./tools.mjs');
  const plans = [() => packagesStep(root, profile), () => systemPartsStep(profile), () => toolsStep(root, profile)];
  if (plans.some((plan) => plan())) {
    const { withLock } = await import('./lock.mjs');
    // Asked again under the lock: another set-up may just have done it.
    await withLock(root, () => plans.forEach((plan) => plan()?.()));
  }
  if (script.length > 0) {
    const { runScript } = await import('./runtime.mjs');
    runScript(root, script);
  }
} catch (error) {
  if (error?.constructor?.name !== 'SetupError') throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
