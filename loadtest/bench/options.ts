import { UsageError } from '../../infra/usage-error.ts';
import { SIZES, type Size, type SizeName } from './sizes.ts';
import { GRIDLOCK } from './systems/gridlock.ts';
import { centrifugo, PEERS } from './systems/peers.ts';
import { type System, WORKLOADS, type Workload } from './systems/system.ts';

export interface BenchOptions {
  /** Names of systems, or parts of them, separated by commas; all if left out. */
  readonly only?: string | undefined;
  /** Names, separated by commas, or all. */
  readonly workload?: string | undefined;
  readonly size?: SizeName | undefined;
  readonly players?: number | undefined;
  readonly games?: number | undefined;
  readonly rate?: number | undefined;
  readonly repetitions?: number | undefined;
  readonly seconds?: number | undefined;
  /** Path of a binary. */
  readonly centrifugo?: string | undefined;
  readonly out?: string | undefined;
}

/** What is to be measured. */
export interface BenchPlan {
  readonly systems: readonly System[];
  readonly workloads: readonly Workload[];
  readonly size: Size;
  readonly sizeName: SizeName;
  readonly out: string;
}

/** @throws UsageError for options that do not agree, and for names that there are not */
export function planBench(options: BenchOptions): BenchPlan {
  const { size: sizeName = 'full', games, centrifugo: binary, out = '.artifacts/bench' } = options;
  const size: Size = SIZES[sizeName];
  const players = options.players ?? (games === undefined ? size.players : games * size.groupSize);
  if (players % size.groupSize !== 0 || (games !== undefined && games * size.groupSize !== players)) {
    throw new UsageError(`${players} players do not fill games of ${size.groupSize}; make them agree.`);
  }
  return {
    systems: systemsOf(options.only, [...GRIDLOCK, ...PEERS, ...(binary === undefined ? [] : centrifugo(binary))]),
    workloads: workloadsOf(options.workload),
    sizeName,
    size: {
      ...size,
      players,
      killPlayers: Math.min(players, size.killPlayers),
      rate: options.rate ?? size.rate,
      repetitions: options.repetitions ?? size.repetitions,
      seconds: options.seconds ?? size.seconds,
    },
    out,
  };
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
