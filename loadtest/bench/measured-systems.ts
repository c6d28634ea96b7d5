import type { Episode } from './episode.ts';
import type { Result } from './result.ts';

/** A system of a result, with what its repetitions showed of one workload. */
export interface MeasuredSystem<T> {
  readonly label: string;
  readonly persistence: string;
  /** The label, with how Redis writes where that alone tells two systems apart. */
  readonly title: string;
  readonly found: readonly T[];
}

/** The systems of which a workload was measured, in the order of the tables. */
export function measuredSystems<T>(
  { systems, episodes }: Pick<Result, 'systems' | 'episodes'>,
  of: (episode: Episode) => T | undefined,
): MeasuredSystem<T>[] {
  return systems.flatMap(({ name, label, persistence }) => {
    const found = episodes.filter(({ system }) => system === name).flatMap((episode) => of(episode) ?? []);
    const isTwice = systems.filter((other) => other.label === label).length > 1;
    const title = isTwice ? `${label}, ${persistence}` : label;
    return found.length === 0 ? [] : [{ label, persistence, title, found: found as T[] }];
  });
}
