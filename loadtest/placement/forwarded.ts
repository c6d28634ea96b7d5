import type { Cluster } from '../kit/cluster.ts';
import { metricsOf } from './metrics.ts';

/** Commands of one kind that a cluster decided since it runs, by who decided them. */
export interface Decided {
  readonly owner: number;
  readonly forwarded: number;
}

const LINE = /^gridlock_commands_decided_total\{([^}]*)\} (\d+)/gm;

/** Sums up over the ready replicas of a cluster what they decided. */
export async function decidedBy(cluster: Pick<Cluster, 'status'>, kind = 'capture'): Promise<Decided> {
  const decided = { owner: 0, forwarded: 0 };
  for (const text of await metricsOf(cluster)) {
    for (const [, labels = '', count] of text.matchAll(LINE)) {
      if (!labels.includes(`kind="${kind}"`)) continue;
      decided[labels.includes('by="forwarded"') ? 'forwarded' : 'owner'] += Number(count);
    }
  }
  return decided;
}

/** Which part was passed on between two of these, from 0 to 1. */
export function forwardedShare(before: Decided, after: Decided): number {
  const forwarded = after.forwarded - before.forwarded;
  return forwarded / Math.max(1, forwarded + after.owner - before.owner);
}
