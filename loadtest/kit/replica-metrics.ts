import { waitFor } from '../../infra/local/wait.ts';
import type { Cluster } from './cluster.ts';

/** The metrics of each ready replica of a cluster: a stopped replica does not answer. */
export async function metricsOf(cluster: Pick<Cluster, 'status'>): Promise<string[]> {
  const { replicas } = await cluster.status();
  return Promise.all(
    replicas
      .filter(({ ready }) => ready)
      .map(async ({ internalPort }) => (await fetch(`http://127.0.0.1:${internalPort}/metrics`)).text()),
  );
}

/** Commands of one kind that a cluster has decided since its start, by the deciding replica. */
export interface Decided {
  readonly owner: number;
  readonly forwarded: number;
}

const DECIDED = /^gridlock_commands_decided_total\{([^}]*)\} (\d+)/gm;

/** Sums up the decisions of a cluster's ready replicas. */
export async function decidedBy(cluster: Pick<Cluster, 'status'>, kind = 'act'): Promise<Decided> {
  const decided = { owner: 0, forwarded: 0 };
  for (const text of await metricsOf(cluster)) {
    for (const [, labels = '', count] of text.matchAll(DECIDED)) {
      if (!labels.includes(`kind="${kind}"`)) continue;
      decided[labels.includes('by="forwarded"') ? 'forwarded' : 'owner'] += Number(count);
    }
  }
  return decided;
}

/** The share that was passed on between two of these readings, from 0 to 1. */
export function forwardedShare(before: Decided, after: Decided): number {
  const forwarded = after.forwarded - before.forwarded;
  return forwarded / Math.max(1, forwarded + after.owner - before.owner);
}

const CONFLICTS = /^gridlock_append_conflicts_total\{[^}]*\} (\d+)/m;

/** Decisions that a cluster has made again since its start, because another replica had written first. */
export async function conflictsOf(cluster: Pick<Cluster, 'status'>): Promise<number> {
  const counts = (await metricsOf(cluster)).map((text) => Number(CONFLICTS.exec(text)?.[1] ?? 0));
  return counts.reduce((sum, count) => sum + count, 0);
}

const WAIT_MS = 60_000;
const MEMBERS = /^gridlock_members\{[^}]*\} (\d+)/m;

/**
 * Resolves when every ready replica of a cluster has recently heard of exactly this many replicas, including itself.
 */
export async function members(cluster: Pick<Cluster, 'status'>, count: number): Promise<void> {
  const isSo = async () => {
    const heard = (await metricsOf(cluster)).map((text) => Number(MEMBERS.exec(text)?.[1]));
    return heard.every((number) => number === count) || undefined;
  };
  await waitFor(isSo, {
    what: `${count} members that every replica has heard of`,
    timeoutMs: WAIT_MS,
    intervalMs: 100,
  });
}
