import { OPERATIONS_HISTORY_MS } from '../../../protocol/operations.ts';
import type { Point } from './history.ts';

/** The last five minutes of one figure. */
export class Trail {
  points: readonly Point[] = [];

  add(at: number, value: number | null): void {
    this.points = [...this.points, { at, value }].filter((point) => point.at > at - OPERATIONS_HISTORY_MS);
  }

  get highest(): number {
    return Math.max(0, ...this.points.map(({ value }) => value ?? 0));
  }
}
