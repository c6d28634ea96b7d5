// Usage: npm run capacity -- [flags]; see --help.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { capacityFor, type Measured } from './model.ts';
import { HELP, planOf, readFlags, UsageError } from './options.ts';
import { describeCheck, describePlan } from './report.ts';

const FILE = path.join(import.meta.dirname, 'measured.json');

function readMeasured(): Measured {
  if (existsSync(FILE)) return JSON.parse(readFileSync(FILE, 'utf8')) as Measured;
  throw new UsageError('Nothing was measured yet; run npm run capacity -- --measure.');
}

async function main(): Promise<number> {
  const { numbers, action, json } = readFlags(process.argv.slice(2));
  const report = (text: string) => void process.stderr.write(`${text}\n`);
  if (action === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (action === 'measure') {
    const { measure } = await import('./measure.ts');
    writeFileSync(FILE, `${JSON.stringify(await measure(report), null, 2)}\n`);
    report(`written to ${path.relative(process.cwd(), FILE)}`);
    return 0;
  }
  const measured = readMeasured();
  if (action === 'check') {
    const { CHECKED_AT, sampleAt } = await import('./measure.ts');
    report(`playing with ${CHECKED_AT} players`);
    const { text, isGood } = describeCheck(measured, await sampleAt(CHECKED_AT));
    process.stdout.write(text);
    return isGood ? 0 : 1;
  }
  const plan = planOf(numbers);
  const capacity = capacityFor(measured, plan);
  process.stdout.write(
    json ? `${JSON.stringify({ measured, plan, capacity }, null, 2)}\n` : describePlan(measured, plan, capacity),
  );
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
