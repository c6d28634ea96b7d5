import { pause } from '../kit/pause.ts';
import type { Place } from './peer.ts';

/** What an attack did and how it was answered: counts by name, and samples of answers as text. */
export interface AttackReport {
  readonly counts: Record<string, number>;
  readonly texts: Record<string, string>;
}

export interface AttackContext extends Place {
  /** Plain HTTP. */
  readonly httpPort: number;
  /** The source address of the attack; no other client uses it. */
  readonly address: string;
  /** The address of a bystander, for rooms of another player. */
  readonly otherAddress: string;
  /**
   * Reports that the preparation is done. From then on the attack lasts until the signal: for its time, or longer on a
   * busy machine, until it has done enough.
   */
  begin(enough?: () => boolean): AbortSignal;
  /** Kept open until the attack is released. */
  readonly held: { close(): unknown }[];
}

export interface Attack {
  readonly about: string;
  run(context: AttackContext): Promise<AttackReport>;
}

/** The least that an attack must have done. */
export const ENOUGH = 100;
/** The number of chat lines that a player sends at once. */
export const LINES_EACH = 10;

/** What an attack counts while it goes on. */
export class Counts {
  readonly counts: Record<string, number> = {};
  readonly texts: Record<string, string> = {};
  sum(...names: readonly string[]): number {
    return names.reduce((sum, name) => sum + (this.counts[name] ?? 0), 0);
  }
  add(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }
}

/** Runs this many at once, each again and again until the signal. */
export const together = async (count: number, until: AbortSignal, one: (index: number) => Promise<void>) => {
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      while (!until.aborted) await one(index).catch(() => pause(50));
    }),
  );
};
