import { OPERATIONS_HISTORY_MS, type ReplicaNow, type ReplicaSample } from '../../../protocol/operations.ts';

/** The figures that have a curve. */
export type Measure = 'sockets' | 'games' | 'events' | 'moves' | 'p99';

export interface Point {
  readonly at: number;
  readonly value: number | null;
}

/** The last five minutes of each replica. */
export class History {
  #samples = new Map<string, readonly ReplicaSample[]>();

  reset(history: Readonly<Record<string, readonly ReplicaSample[]>>): void {
    this.#samples = new Map(Object.entries(history));
  }

  /** Adds only new samples. A silent replica has none. */
  add(replicas: readonly ReplicaNow[], now: number): void {
    const present = new Set(replicas.map(({ replica }) => replica));
    for (const replica of this.#samples.keys()) if (!present.has(replica)) this.#samples.delete(replica);
    for (const { replica, at, sockets, games, events, moves, p99 } of replicas) {
      const samples = this.#samples.get(replica) ?? [];
      const isNew = at > (samples.at(-1)?.at ?? -Infinity);
      const all = isNew ? [...samples, { at, sockets, games, events, moves, p99 }] : samples;
      this.#samples.set(
        replica,
        all.filter((sample) => sample.at > now - OPERATIONS_HISTORY_MS),
      );
    }
  }

  points(replica: string, measure: Measure): Point[] {
    return (this.#samples.get(replica) ?? []).map((sample) => ({ at: sample.at, value: sample[measure] }));
  }

  /** The sum of all replicas for each second, or the highest percentile. */
  total(measure: Measure): Point[] {
    const bySecond = new Map<number, number | null>();
    for (const samples of this.#samples.values()) {
      const own = new Map<number, number | null>();
      for (const sample of samples) own.set(Math.round(sample.at / 1000), sample[measure]);
      for (const [second, value] of own) {
        const before = bySecond.get(second) ?? null;
        const both = measure === 'p99' ? Math.max(before ?? 0, value ?? 0) : (before ?? 0) + (value ?? 0);
        bySecond.set(second, before === null && value === null ? null : both);
      }
    }
    return [...bySecond].sort(([one], [other]) => one - other).map(([second, value]) => ({ at: second * 1000, value }));
  }

  /** The highest value that any replica had, so that their curves can be compared. */
  highest(measure: Measure): number {
    let highest = 0;
    for (const samples of this.#samples.values()) {
      for (const sample of samples) highest = Math.max(highest, sample[measure] ?? 0);
    }
    return highest;
  }
}
