import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SIZES, type Size, type SizeName } from './sizes.ts';
import { GRIDLOCK } from './systems/gridlock.ts';
import { centrifugo, PEERS } from './systems/peers.ts';
import { type System, WORKLOADS, type Workload } from './systems/system.ts';

export const HELP = `npm run bench -- [flags]

Measures Gridlock and its peers in one run on this machine: each behind the same edge with the same TLS, the same
workload from the same generator. Prints a table and writes it, with every measurement, to a directory.

  --only a,b         systems to measure, of: ${[...GRIDLOCK, ...PEERS].map(({ name }) => name).join(', ')}
                     a part of a name stands for all that contain it
  --workload a,b     of: ${WORKLOADS.join(', ')}; or all (default)
  --size NAME        full (default; ${SIZES.full.players} players, about 35 minutes) or tiny
  --players N        players, a multiple of four (default ${SIZES.full.players})
  --games N          games; the players are four times as many
  --rate N           moves a second of each player (default ${SIZES.full.rate})
  --repetitions N    times each system is started and measured (default ${SIZES.full.repetitions})
  --seconds N        seconds a rate is measured (default ${SIZES.full.seconds})
  --centrifugo PATH  a Centrifugo binary (version 6), measured too
  --out DIR          where the result is written (default .artifacts/bench)

Exit code 0 when all was measured, 1 when something was not, 2 when a flag is wrong.
`;

export class UsageError extends Error {}

export interface Flags {
  readonly systems: readonly System[];
  readonly workloads: readonly Workload[];
  readonly size: Size;
  readonly sizeName: SizeName;
  readonly out: string;
}

const TEXT = { type: 'string' } as const;

/** Undefined when help was asked for. Throws a `UsageError`. */
export function readFlags(args: readonly string[]): Flags | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const { size: sizeName = 'full', centrifugo: binary, out = '.artifacts/bench' } = values;
  if (!Object.hasOwn(SIZES, sizeName)) {
    throw new UsageError(`--size is "${sizeName}"; ${Object.keys(SIZES).join(' and ')} are allowed.`);
  }
  if (binary !== undefined && !existsSync(binary)) {
    throw new UsageError(`--centrifugo is "${binary}", where there is no file; give the path of the binary.`);
  }
  const size: Size = SIZES[sizeName as SizeName];
  const games = numberOf('games', values.games, 1, 10_000);
  const players =
    numberOf('players', values.players, size.groupSize, 40_000) ??
    (games === undefined ? size.players : games * size.groupSize);
  if (players % size.groupSize !== 0 || (games !== undefined && games * size.groupSize !== players)) {
    throw new UsageError(`${players} players do not fill games of ${size.groupSize}; make them agree.`);
  }
  return {
    systems: systemsOf(values.only, [...GRIDLOCK, ...PEERS, ...(binary === undefined ? [] : centrifugo(binary))]),
    workloads: workloadsOf(values.workload),
    sizeName: sizeName as SizeName,
    size: {
      ...size,
      players,
      killPlayers: Math.min(players, size.killPlayers),
      rate: numberOf('rate', values.rate, 0.1, 15) ?? size.rate,
      repetitions: numberOf('repetitions', values.repetitions, 1, 100) ?? size.repetitions,
      seconds: numberOf('seconds', values.seconds, 0.5, 600) ?? size.seconds,
    },
    out,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: TEXT,
        workload: TEXT,
        size: TEXT,
        players: TEXT,
        games: TEXT,
        rate: TEXT,
        repetitions: TEXT,
        seconds: TEXT,
        centrifugo: TEXT,
        out: TEXT,
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function numberOf(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  const isWhole = Number.isInteger(number) || name === 'rate' || name === 'seconds';
  if (text !== '' && isWhole && number >= least && number <= most) return number;
  throw new UsageError(`--${name} is "${text}"; a number from ${least} to ${most} is allowed.`);
}

function systemsOf(only: string | undefined, systems: readonly System[]): readonly System[] {
  if (only === undefined) return systems;
  const parts = only.split(',').map((part) => part.trim());
  const unknown = parts.find((part) => part === '' || !systems.some(({ name }) => name.includes(part)));
  if (unknown !== undefined) {
    throw new UsageError(`--only names "${unknown}"; there are ${systems.map(({ name }) => name).join(', ')}.`);
  }
  // A whole name stands for itself alone.
  const isWanted = (name: string) =>
    parts.some((part) => (systems.some((system) => system.name === part) ? name === part : name.includes(part)));
  return systems.filter(({ name }) => isWanted(name));
}

function workloadsOf(text = 'all'): readonly Workload[] {
  if (text === 'all') return WORKLOADS;
  const parts = text.split(',').map((part) => part.trim());
  const unknown = parts.find((part) => !WORKLOADS.includes(part as Workload));
  if (unknown !== undefined) {
    throw new UsageError(`--workload names "${unknown}"; there are ${WORKLOADS.join(', ')} and all.`);
  }
  return WORKLOADS.filter((workload) => parts.includes(workload));
}
