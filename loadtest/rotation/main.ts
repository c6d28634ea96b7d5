// Usage: npm run rotation -- [--sockets 1000] [--leaf 200] [--intermediate 20] [--json FILE]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startCluster } from '../kit/cluster.ts';
import { measure } from './measure.ts';
import { describe, faultsOf } from './verdict.ts';

const HELP = `npm run rotation -- [flags]

Brings a cluster up, plays on it while its certificates are rotated and its root is rolled over, and looks whether
anybody noticed: sockets dropped, handshakes refused, moves that took longer than in the same run without rotation.

  --sockets N        players, two in a game (2 to 3000, even; default 1000)
  --pace N           moves a second of each (0.1 to 20; default 0.5)
  --leaf N           rotations of the leaf (0 to 10000; default 200)
  --intermediate N   rotations of the intermediate (0 to 10000; default 20)
  --every MS         from the beginning of one rotation to that of the next (10 to 60000; default 1000)
  --handshakes N     new TLS handshakes a second, none of them resumed (1 to 200; default 20)
  --max-ratio N      how many times as long the slowest hundredth of the moves may take (1 to 100; default 1.1)
  --replicas N       game replicas (1 to 16; default 4)
  --json FILE        writes the result there

Exit code 0 when nobody noticed, 1 when somebody did, 2 when a flag is wrong.
`;

const NUMBERS = {
  sockets: { least: 2, most: 3000, start: 1000 },
  pace: { least: 0.1, most: 20, start: 0.5 },
  leaf: { least: 0, most: 10_000, start: 200 },
  intermediate: { least: 0, most: 10_000, start: 20 },
  every: { least: 10, most: 60_000, start: 1000 },
  handshakes: { least: 1, most: 200, start: 20 },
  'max-ratio': { least: 1, most: 100, start: 1.1 },
  replicas: { least: 1, most: 16, start: 4 },
} as const;
type Name = keyof typeof NUMBERS;
const FRACTIONS: readonly Name[] = ['pace', 'max-ratio'];

class UsageError extends Error {}

function readFlags(args: readonly string[]) {
  const names = Object.keys(NUMBERS) as Name[];
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }) as { values: Partial<Record<Name | 'json', string>> & { help?: boolean } };
  const numberOf = (name: Name): number => {
    const { least, most, start } = NUMBERS[name];
    const number = Number(values[name] ?? start);
    const whole = !FRACTIONS.includes(name);
    const fits = number >= least && number <= most && (!whole || Number.isInteger(number));
    if (fits && values[name] !== '') return number;
    const kind = whole ? 'a whole number' : 'a number';
    throw new UsageError(`--${name} is ${JSON.stringify(values[name])}; ${kind} from ${least} to ${most} is allowed.`);
  };
  const numbers = Object.fromEntries(names.map((name) => [name, numberOf(name)])) as Record<Name, number>;
  if (numbers.sockets % 2 !== 0)
    throw new UsageError(`--sockets is ${numbers.sockets}; two play a game: give an even number.`);
  return { numbers, json: values.json, help: values.help === true };
}

async function main(): Promise<number> {
  const { numbers, json, help } = readFlags(process.argv.slice(2));
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { 'max-ratio': maxRatio, replicas, ...options } = numbers;
  const report = (line: string) => void process.stderr.write(`${line}\n`);
  report(`starting a cluster of ${replicas} replicas`);
  const cluster = await startCluster({ replicas });
  try {
    const result = await measure(cluster, { ...options, report });
    const faults = faultsOf(result, maxRatio);
    console.log([...describe(result), ...faults.map((fault) => `FAULT        ${fault}`)].join('\n'));
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...result, faults }, null, 2)}\n`);
    return faults.length > 0 ? 1 : 0;
  } finally {
    await cluster.stop();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!(error instanceof UsageError) && !code.startsWith('ERR_PARSE_ARGS')) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
