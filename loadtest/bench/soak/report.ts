import { median } from '../../kit/statistics.ts';
import { cell, plain, table } from '../cells.ts';
import { figure } from '../figure.ts';
import { measuredSystems } from '../measured-systems.ts';
import type { Result } from '../result.ts';
import type { MemorySample, Soak } from './measure.ts';

const TIERS = ['replicas', 'redis', 'edge'] as const;
/** The beginning is left out, while caches and heaps find their size. */
const WARM_UP = 0.2;
/** How much more the last quarter may hold than the first: a fraction of it, or a fixed minimum. */
const FLAT = { part: 0.1, least: 8 * 2 ** 20 };
const MEBIBYTE = 2 ** 20;

/** The memory of a tier in the first and in the last quarter after the warm-up. */
export interface Flatness {
  readonly first: number;
  readonly last: number;
  readonly isFlat: boolean;
}

/** Undefined with too few samples. */
export function flatnessOf(samples: readonly MemorySample[]): Flatness | undefined {
  const end = samples.at(-1)?.at ?? 0;
  const from = end * WARM_UP;
  const looked = samples.filter(({ at }) => at >= from);
  const quarter = (end - from) / 4;
  const held = (some: readonly MemorySample[]) => median(some.map(({ residentBytes }) => residentBytes));
  const first = held(looked.filter(({ at }) => at <= from + quarter));
  const last = held(looked.filter(({ at }) => at >= end - quarter));
  if (looked.length < 4 || Number.isNaN(first) || Number.isNaN(last)) return undefined;
  return { first, last, isFlat: last - first <= Math.max(FLAT.least, first * FLAT.part) };
}

const soaksOf = (result: Pick<Result, 'systems' | 'episodes'>) => measuredSystems<Soak>(result, ({ soak }) => soak);

/** Resident memory over a long steady load, and whether it is flat. */
export function soakParts(result: Result): string[] {
  const systems = soaksOf(result);
  if (systems.length === 0) return [];
  const { minutes } = result.size.soak;
  return [
    `### Memory over ${plain(minutes)} minutes`,
    `MiB resident of all processes of a tier: medians of the first and of the last quarter after the first ` +
      `${WARM_UP * 100} %. Flat: at most ${FLAT.part * 100} % or ${FLAT.least / MEBIBYTE} MiB more.`,
    table(
      ['', 'Redis writes', ...TIERS, 'p50 ms', 'p99 ms', 'delivered/s', 'lost'],
      systems.map(({ label, persistence, found }) => [
        label,
        persistence,
        ...TIERS.map((tier) => found.map(({ memory }) => held(memory[tier] ?? [])).join('; ')),
        cell(found.map(({ p50 }) => p50)),
        cell(found.map(({ p99 }) => p99)),
        cell(found.map(({ deliveriesPerSecond }) => deliveriesPerSecond)),
        cell(found.map(({ lost, vanished }) => lost + vanished)),
      ]),
    ),
  ];
}

function held(samples: readonly MemorySample[]): string {
  const flatness = flatnessOf(samples);
  if (!flatness) return 'too few samples';
  const { first, last, isFlat } = flatness;
  return `${plain(first / MEBIBYTE)} → ${plain(last / MEBIBYTE)}, ${isFlat ? 'flat' : 'grows'}`;
}

/** The same as a picture, of the first repetition; undefined without measurements. */
export function soakPicture(result: Result): string | undefined {
  const systems = soaksOf(result);
  if (systems.length === 0) return undefined;
  const { minutes } = result.size.soak;
  const steps = 5;
  return figure({
    title: `Resident memory over ${plain(minutes)} minutes`,
    note: 'MiB of all processes of a tier, of the first repetition.',
    names: systems.map(({ title }) => title),
    panels: TIERS.map((tier) => ({
      title: tier,
      xLabel: 'seconds',
      xScale: 'linear',
      xTicks: Array.from({ length: steps + 1 }, (_, index) => Math.round((minutes * 60 * index) / steps)),
      yScale: 'linear',
      lines: Object.fromEntries(
        systems.map(({ title, found }) => [
          title,
          (found[0]!.memory[tier] ?? [])
            .filter(({ at }) => at <= minutes * 60)
            .map(({ at, residentBytes }) => ({ x: at, y: residentBytes / MEBIBYTE })),
        ]),
      ),
    })),
  });
}
