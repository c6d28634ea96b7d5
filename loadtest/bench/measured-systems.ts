import type { Episode } from './episode.ts';
import type { Result } from './result.ts';

/** A system of a result, with the measurements of one workload from its repetitions. */
export interface MeasuredSystem<T> {
  readonly label: string;
  readonly persistence: string;
  /** The label, with the way Redis writes where only that distinguishes two systems. */
  readonly title: string;
  readonly found: readonly T[];
}

/** The systems with measurements of a workload, in the order of the tables. */
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
