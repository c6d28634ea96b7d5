import { median } from '../../kit/statistics.ts';
import { cell, NOTHING, table } from '../cells.ts';
import { figure, type Panel, type Point } from '../figure.ts';
import { type MeasuredSystem, measuredSystems } from '../measured-systems.ts';
import type { Result } from '../result.ts';
import type { CurveStep } from './measure.ts';

type Curve = { readonly steps: readonly CurveStep[] };
type Value = (step: CurveStep) => number | undefined;

const METRICS: readonly (readonly [title: string, value: Value, scale: Panel['yScale']])[] = [
  ['p50, ms', ({ p50 }) => p50, 'logarithmic'],
  ['p99, ms', ({ p99 }) => p99, 'logarithmic'],
  ['CPU of a delivered event, µs, all tiers', ({ cpu }) => cpu['all'], 'linear'],
];
const TIERS: readonly (readonly [title: string, value: Value])[] = (['replicas', 'redis', 'edge'] as const).map(
  (tier) => [`CPU of a delivered event, µs, ${tier}`, ({ cpu }) => cpu[tier]],
);

// The array of steps is wrapped, so that the steps of each repetition stay together.
const curvesOf = (result: Pick<Result, 'systems' | 'episodes'>) =>
  measuredSystems<Curve>(result, ({ curve }) => curve && { steps: curve });

/** The steps at a rate, of all repetitions that got that far. */
const stepsAt = ({ found }: MeasuredSystem<Curve>, asked: number) =>
  found.flatMap(({ steps }) => steps.filter((step) => step.asked === asked));

/** Whether most of the repetitions that tried kept up. */
const isKept = (steps: readonly CurveStep[]) => steps.filter(({ keptUp }) => keptUp).length * 2 > steps.length;

/** The latency-throughput curve as tables: a row for each system, a column for each rate. */
export function curveParts(result: Result): string[] {
  const systems = curvesOf(result);
  if (systems.length === 0) return [];
  const { deliveries, seconds, limitMs, enough } = result.size.curve;
  const rates = deliveries.map((asked) => asked.toLocaleString('en'));
  const tables = [...METRICS, ...TIERS].flatMap(([title, value]) => [
    `#### ${title}`,
    table(
      ['', 'Redis writes', ...rates],
      systems.map((system) => [
        system.label,
        system.persistence,
        ...deliveries.map((asked) => stepCell(stepsAt(system, asked), system.found.length, value)),
      ]),
    ),
  ]);
  return [
    '### Latency and CPU by deliveries a second',
    `Columns: offered deliveries a second, the same for all, ${seconds} s each. A system stops at the first rate that ` +
      `it cannot keep up with: less than ${enough * 100} % arrives in time, or p99 is over ${limitMs / 1000} s. ✗ marks that ` +
      'rate, with the number of repetitions that failed at it. – is not measured.',
    ...tables,
  ];
}

function stepCell(steps: readonly CurveStep[], of: number, value: Value): string {
  if (steps.length === 0) return NOTHING;
  const failed = steps.filter(({ keptUp }) => !keptUp).length;
  const text = cell(steps.map(value));
  if (failed === 0) return steps.length === of ? text : `${text}, ${steps.length} of ${of}`;
  return failed === of ? `✗ ${text}` : `${text}, ✗ ${failed} of ${of}`;
}

/** The same as a picture; undefined without a curve. */
export function curvePicture(result: Result): string | undefined {
  const systems = curvesOf(result);
  if (systems.length === 0) return undefined;
  const { deliveries } = result.size.curve;
  const pointsOf = (system: MeasuredSystem<Curve>, value: Value): Point[] =>
    deliveries.flatMap((asked) => {
      const steps = stepsAt(system, asked);
      const numbers = steps.flatMap((step) => value(step) ?? []).filter(Number.isFinite);
      return numbers.length === 0 ? [] : { x: asked, y: median(numbers), isFailure: !isKept(steps) };
    });
  return figure({
    title: 'Latency and CPU by deliveries a second',
    note: 'Medians. A hollow mark is the first rate that a system could not keep up with.',
    names: systems.map(({ title }) => title),
    panels: METRICS.map(([title, value, yScale]) => ({
      title,
      xLabel: 'offered deliveries a second',
      xScale: 'linear',
      xTicks: deliveries,
      yScale,
      lines: Object.fromEntries(systems.map((system) => [system.title, pointsOf(system, value)])),
    })),
  });
}
