import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../infra/usage-error.ts';
import { toStandardError } from '../kit/options.ts';
import { CHECKED_AT, measure, sampleAt } from './measure.ts';
import { capacityFor, type Measured } from './model.ts';
import { checkPlan } from './plan-check.ts';
import { type PlanNumbers, planOf } from './plan-numbers.ts';
import { describeCheck, describePlan } from './report.ts';

const FILE = path.join(import.meta.dirname, 'measured.json');

export interface CapacityOptions {
  readonly numbers: PlanNumbers;
  readonly action: 'plan' | 'measure' | 'check';
  readonly json: boolean;
}

/** Prints a plan, or measures the figures that plans are made from. Resolves with the exit code. @throws UsageError */
export async function runCapacity(
  { numbers, action, json }: CapacityOptions,
  report = toStandardError,
): Promise<number> {
  if (action === 'measure') {
    writeFileSync(FILE, `${JSON.stringify(await measure(report), null, 2)}\n`);
    report(`written to ${path.relative(process.cwd(), FILE)}`);
    return 0;
  }
  const measured = readMeasured();
  if (action === 'check') {
    report(`playing with ${CHECKED_AT} players`);
    const { text, isGood } = describeCheck(measured, await sampleAt(CHECKED_AT));
    process.stdout.write(text);
    return isGood ? 0 : 1;
  }
  const plan = planOf(numbers);
  const capacity = capacityFor(measured, plan);
  const checks = checkPlan(measured, plan, capacity);
  process.stdout.write(
    json
      ? `${JSON.stringify({ measured, plan, capacity, checks }, null, 2)}\n`
      : describePlan(measured, plan, capacity),
  );
  return 0;
}

function readMeasured(): Measured {
  if (existsSync(FILE)) return JSON.parse(readFileSync(FILE, 'utf8')) as Measured;
  throw new UsageError('Nothing has been measured yet: run npm run capacity -- --measure.');
}
