// Usage: npm run chaos -- [--rounds 20] [--design both] [--fault NAME]... [--seed N] [--json FILE] | [--clients 1000]
import { writeFileSync } from 'node:fs';
import { type Flags, HELP, readFlags, shareOf, UsageError } from './options.ts';
import { measureRecovery, type Recovery } from './recovery.ts';
import { run } from './run.ts';
import { type Row, tableOf } from './tally.ts';

const DEFAULT_ROUNDS = 20;
const DEFAULT_KILLS = 3;
const report = (line: string) => void process.stderr.write(`${line}\n`);

async function playAll({ rounds = DEFAULT_ROUNDS, designs, faults, players, seed, json }: Flags): Promise<number> {
  report(`--seed ${seed}`);
  const kinds = designs.length * faults.length;
  const rows: Row[] = [];
  for (const [place, design] of designs.entries()) {
    const roundsOf = (fault: Flags['faults'][number]) =>
      shareOf(rounds, kinds, place * faults.length + faults.indexOf(fault));
    rows.push(...(await run({ design, faults, roundsOf, players, seed, report })));
  }
  const wrong = rows.flatMap(({ design, fault, faults: own }) =>
    own.map((text) => `FAULT  ${design} ${fault}: ${text}`),
  );
  console.log([tableOf(rows), ...wrong].join('\n'));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ seed, rows }, null, 2)}\n`);
  return wrong.length > 0 ? 1 : 0;
}

async function killAll({ rounds = DEFAULT_KILLS, designs, seed, json }: Flags, clients: number): Promise<number> {
  report(`--seed ${seed}`);
  const recoveries: Recovery[] = [];
  for (const design of designs)
    recoveries.push(...(await measureRecovery({ design, clients, kills: rounds, seed, report })));
  console.table(recoveries.map(({ faults, ...columns }) => ({ ...columns, faults: faults.length })));
  const wrong = recoveries.flatMap(({ design, faults }) => faults.map((text) => `FAULT  ${design}: ${text}`));
  if (wrong.length > 0) console.log(wrong.join('\n'));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ seed, recoveries }, null, 2)}\n`);
  return wrong.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2));
  if (flags.help) {
    process.stdout.write(HELP);
    return 0;
  }
  return flags.clients === undefined ? playAll(flags) : killAll(flags, flags.clients);
}

try {
  process.exitCode = await main();
} catch (error) {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!(error instanceof UsageError) && !code.startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
