import { PLAN_NUMBERS, type PlanNumbers } from '../../loadtest/capacity/plan-numbers.ts';
import { command, exits } from '../kit/command.ts';
import { decimal } from '../kit/values.ts';

const capacity = command('capacity', 'compute how many replicas a load needs')
  .description(
    'Prints the replicas, edges and shards of Redis that a number of players needs, and their cost, from measurements ' +
      'on one machine (loadtest/capacity/measured.json). Exits 1 when --check finds a prediction more than a quarter off.',
  )
  .option('--json', 'print the result as JSON')
  .option('--measure', 'measure on this machine and write measured.json; takes about two minutes')
  .option('--check', 'measure at a size that measured.json was not made from, and compare with what it predicts');
for (const [name, [least, most, start, meaning]] of Object.entries(PLAN_NUMBERS)) {
  capacity.option(`--${name} <number>`, meaning, decimal(least, most), start);
}

export default capacity.action(
  exits(async ({ json = false, measure, check, ...numbers }) => {
    const { runCapacity } = await import('../../loadtest/capacity/run.ts');
    // Commander writes the names of options in camel case.
    const of = (name: string) => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const given = numbers as Record<string, number>;
    const plan = Object.fromEntries(Object.keys(PLAN_NUMBERS).map((name) => [name, given[of(name)]!])) as PlanNumbers;
    return runCapacity({ numbers: plan, action: measure ? 'measure' : check ? 'check' : 'plan', json });
  }),
);
