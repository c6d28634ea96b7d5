import { median } from '../../kit/statistics.ts';
import { cell, NOTHING, table } from '../cells.ts';
import { figure } from '../figure.ts';
import { measuredSystems } from '../measured-systems.ts';
import type { Result } from '../result.ts';
import type { Size } from '../sizes.ts';
import type { GrowthPoint, Series } from './measure.ts';

type Growth = { readonly points: readonly GrowthPoint[] };

const SERIES: Readonly<Record<Series, (size: Size['growth']) => string>> = {
  rooms: ({ rooms }) => `rooms of ${rooms.members}`,
  members: ({ members }) => `members of each room, ${members.players.toLocaleString('en')} players in all`,
  idle: ({ idle }) => `idle sockets next to ${idle.rooms} rooms of ${idle.members}`,
};
const NAMES = Object.keys(SERIES) as Series[];

const growthsOf = (result: Pick<Result, 'systems' | 'episodes'>) =>
  measuredSystems<Growth>(result, ({ growth }) => growth && { points: growth });
const pointsAt = (found: readonly Growth[], series: Series, count: number) =>
  found.flatMap(({ points }) => points.filter((point) => point.series === series && point.count === count));

/** The cost of an event as the work around it grows: a table for each growing quantity. */
export function growthParts(result: Result): string[] {
  const systems = growthsOf(result);
  if (systems.length === 0) return [];
  const { growth } = result.size;
  return [
    `### CPU of a delivered event as work grows, at ${growth.deliveries.toLocaleString('en')} deliveries a second`,
    'µs of all tiers, and p99 in ms. Each is measured on a system started from scratch. Gridlock runs `counter` ' +
      'here, because a room of the game has at most eight players.',
    ...NAMES.flatMap((series) => {
      const { counts } = growth[series];
      return [
        `#### By ${SERIES[series](growth)}`,
        table(
          ['', 'Redis writes', ...counts.flatMap((count) => [`${count.toLocaleString('en')}: µs`, 'p99 ms'])],
          systems.map(({ label, persistence, found }) => [
            label,
            persistence,
            ...counts.flatMap((count) => {
              const points = pointsAt(found, series, count);
              const p99 = points.length === 0 ? NOTHING : cell(points.map((point) => point.p99));
              return [cell(points.map(({ cpu }) => cpu['all'])), p99];
            }),
          ]),
        ),
      ];
    }),
  ];
}

/** The same as a picture; undefined without measurements. */
export function growthPicture(result: Result): string | undefined {
  const systems = growthsOf(result);
  if (systems.length === 0) return undefined;
  const { growth } = result.size;
  return figure({
    title: 'CPU of a delivered event as work grows',
    note: `Medians, µs of all tiers, at ${growth.deliveries.toLocaleString('en')} deliveries a second.`,
    names: systems.map(({ title }) => title),
    panels: NAMES.map((series) => ({
      title: `By ${SERIES[series](growth)}`,
      xLabel: SERIES[series](growth),
      xScale: series === 'idle' ? 'linear' : 'logarithmic',
      xTicks: growth[series].counts,
      yScale: 'linear',
      lines: Object.fromEntries(
        systems.map(({ title, found }) => [
          title,
          growth[series].counts.flatMap((count) => {
            const costs = pointsAt(found, series, count).flatMap(({ cpu }) => cpu['all'] ?? []);
            return costs.length === 0 ? [] : { x: count, y: median(costs) };
          }),
        ]),
      ),
    })),
  });
}
