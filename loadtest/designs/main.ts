// Usage: node loadtest/designs/main.ts [--games 25] [--seconds 15] [--json FILE]
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Design } from '../kit/options.ts';
import { type Measured, measure, table } from './measure.ts';

const HELP = `node loadtest/designs/main.ts [flags]

Brings both designs up one after the other, measures them under the same play, and prints a table of Markdown.

  --games N       games of four players (1 to 500; default 25)
  --move MS       between two moves of a player (50 to 60000; default 1000)
  --seconds N     how long moves are measured (2 to 120; default 15)
  --idle N        connections that do nothing (50 to 20000; default 400)
  --replicas N    game replicas (2 to 16; default 4)
  --design NAME   only this one: stateless or stateful
  --json FILE     write the figures

Exit code 0 when nothing was lost, 1 when something was, 2 when a flag is wrong.
`;

class UsageError extends Error {}

function readFlags(args: string[]) {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      games: text,
      move: text,
      seconds: text,
      idle: text,
      replicas: text,
      design: text,
      json: text,
      help: { type: 'boolean' },
    },
  });
  const number = (
    name: 'games' | 'move' | 'seconds' | 'idle' | 'replicas',
    min: number,
    max: number,
    standard: number,
  ) => {
    const value = values[name] === undefined ? standard : Number(values[name]);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new UsageError(`--${name} ${values[name]} is not a whole number from ${min} to ${max}.`);
  };
  const { design, json, help } = values;
  if (design !== undefined && design !== 'stateless' && design !== 'stateful') {
    throw new UsageError(`--design ${design} is neither stateless nor stateful.`);
  }
  const designs: Design[] = design === undefined ? ['stateless', 'stateful'] : [design];
  return {
    help,
    json,
    designs,
    size: {
      games: number('games', 1, 500, 25),
      moveMs: number('move', 50, 60_000, 1000),
      seconds: number('seconds', 2, 120, 15),
      idle: number('idle', 50, 20_000, 400),
      replicas: number('replicas', 2, 16, 4),
    },
  };
}

async function main(): Promise<number> {
  const { help, json, designs, size } = readFlags(process.argv.slice(2));
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  const measured: Measured[] = [];
  for (const design of designs) measured.push(await measure(design, size, (line) => process.stderr.write(`${line}\n`)));
  process.stdout.write(
    `${cpus().length} cores, ${size.replicas} replicas, ${size.games} games of four, ` +
      `a move of each player about every ${size.moveMs} ms\n\n${table(measured)}\n`,
  );
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ size, measured }, undefined, 2)}\n`);
  return measured.some(({ violations }) => violations > 0) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError) && (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') !== true)
    throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
