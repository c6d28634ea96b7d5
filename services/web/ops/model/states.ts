import type { OperationsEventKind, ReplicaNow, ReplicaState, ServedCertificate } from '../../../protocol/operations.ts';

export const STATE_TEXT: Readonly<Record<ReplicaState, string>> = {
  ready: 'Ready',
  not_ready: 'Not ready',
  draining: 'Draining',
  stale: 'Silent',
  gone: 'Gone',
  left: 'Left',
};

export const EVENT_TEXT: Readonly<Record<OperationsEventKind, string>> = {
  ready: 'Ready',
  not_ready: 'Not ready',
  drain: 'Drain',
  gone: 'Gone',
  shed: 'Shed',
  takeover: 'Takeover',
  redis: 'Redis',
  action: 'Operator',
};

/** Whether new players can connect to a replica. */
export const isReady = ({ state }: Pick<ReplicaNow, 'state'>): boolean => state === 'ready';

/** Whether the figures of a replica are current. */
export const isCurrent = (replica: Pick<ReplicaNow, 'state'>): boolean => replica.state !== 'stale' && !isOver(replica);

/** Whether a replica is no longer part of the cluster. */
export const isOver = ({ state }: Pick<ReplicaNow, 'state'>): boolean => state === 'gone' || state === 'left';

/** The change between two moments, for screen readers; empty when nothing changed. */
export function changesText(before: readonly ReplicaNow[], after: readonly ReplicaNow[]): string {
  if (before.length === 0) return '';
  const states = new Map(before.map(({ replica, state }) => [replica, state]));
  return after
    .filter(({ replica, state }) => states.get(replica) !== state)
    .map(({ replica, state }) => `Replica ${replica}: ${STATE_TEXT[state]}.`)
    .join(' ');
}

/** The totals of all known replicas. */
export function totals(replicas: readonly ReplicaNow[]) {
  const current = replicas.filter(isCurrent);
  const sum = (of: (replica: ReplicaNow) => number) => current.reduce((total, replica) => total + of(replica), 0);
  const slowest = current.map(({ p99 }) => p99).filter((p99) => p99 !== null);
  return {
    sockets: sum(({ sockets }) => sockets),
    events: sum(({ events }) => events),
    moves: sum(({ moves }) => moves),
    p99: slowest.length === 0 ? null : Math.max(...slowest),
    ready: current.filter(({ state }) => state === 'ready').length,
    // A replica that has left was drained on purpose.
    all: replicas.filter(({ state }) => state !== 'left').length,
  };
}

export type Level = 'good' | 'warn' | 'bad';

/** With less than a quarter of its life left, a certificate should have been renewed long ago. */
const LATE_SHARE = 1 / 4;

/** The level of a certificate by its remaining time. */
export function certificateLevel({ notBefore, notAfter }: ServedCertificate, now: number): Level {
  if (now >= notAfter || now < notBefore) return 'bad';
  return notAfter - now < (notAfter - notBefore) * LATE_SHARE ? 'warn' : 'good';
}

/** The share of its life that is left, between 0 and 1. */
export function shareLeft({ notBefore, notAfter }: ServedCertificate, now: number): number {
  return Math.min(1, Math.max(0, (notAfter - now) / (notAfter - notBefore || 1)));
}

/** The role of a certificate in a chain that begins with the leaf. */
export function roleOf(certificates: readonly ServedCertificate[], index: number): string {
  if (index === 0) return 'Leaf';
  const { subject, issuer } = certificates[index]!;
  return subject === issuer ? 'Root' : 'Intermediate';
}
