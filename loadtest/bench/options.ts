import { UsageError } from '../../infra/usage-error.ts';
import { SIZES, type Size, type SizeName } from './sizes.ts';
import { GRIDLOCK, ON_REQUEST } from './systems/gridlock.ts';
import { centrifugo, PEERS } from './systems/peers.ts';
import { COMPARED, type System, WORKLOADS, type Workload } from './systems/system.ts';

export interface BenchOptions {
  /** Names of systems, or parts of them, separated by commas; default: all. */
  readonly only?: string | undefined;
  /** Names, separated by commas, or all. */
  readonly workload?: string | undefined;
  readonly size?: SizeName | undefined;
  readonly players?: number | undefined;
  readonly games?: number | undefined;
  readonly rate?: number | undefined;
  readonly repetitions?: number | undefined;
  readonly seconds?: number | undefined;
  /** Of a soak. */
  readonly minutes?: number | undefined;
  /** Path of a binary. */
  readonly centrifugo?: string | undefined;
  readonly out?: string | undefined;
}

/** The measurements to take. */
export interface BenchPlan {
  readonly systems: readonly System[];
  readonly workloads: readonly Workload[];
  readonly size: Size;
  readonly sizeName: SizeName;
  readonly out: string;
}

/** @throws UsageError for options that do not agree, and for unknown names */
export function planBench(options: BenchOptions): BenchPlan {
  const { size: sizeName = 'full', games, centrifugo: binary, out = '.artifacts/bench' } = options;
  const size: Size = SIZES[sizeName];
  const players = options.players ?? (games === undefined ? size.players : games * size.groupSize);
  if (players % size.groupSize !== 0 || (games !== undefined && games * size.groupSize !== players)) {
    throw new UsageError(`${players} players do not fill games of ${size.groupSize}: make them agree.`);
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
      soak: { minutes: options.minutes ?? size.soak.minutes },
    },
    out,
  };
}

/** The systems of the comparison if none are named. */
function systemsOf(only: string | undefined, compared: readonly System[]): readonly System[] {
  if (only === undefined) return compared;
  const all = [...compared, ...ON_REQUEST];
  const wanted = only.split(',').flatMap((text) => {
    const part = text.trim();
    const having = (systems: readonly System[]) => systems.filter(({ name }) => part !== '' && name.includes(part));
    // A whole name selects only itself, and a system on request must be named explicitly.
    const whole = all.filter(({ name }) => name === part);
    const found = [whole, having(compared), having(ON_REQUEST)].find(({ length }) => length > 0);
    if (found) return found;
    throw new UsageError(`--only names "${part}"; there are ${all.map(({ name }) => name).join(', ')}.`);
  });
  return all.filter((system) => wanted.includes(system));
}

function workloadsOf(text = 'all'): readonly Workload[] {
  if (text === 'all') return COMPARED;
  const parts = text.split(',').map((part) => part.trim());
  const unknown = parts.find((part) => !WORKLOADS.includes(part as Workload));
  if (unknown !== undefined) {
    throw new UsageError(
      `--workload names "${unknown}"; there are ${WORKLOADS.join(', ')}, and all for the first ${COMPARED.length}.`,
    );
  }
  return WORKLOADS.filter((workload) => parts.includes(workload));
}
