import {
  OPERATIONS_HISTORY_MS,
  type ReplicaNow,
  type ReplicaSample,
  type ReplicaState,
} from '../../protocol/operations.ts';
import type { Member } from '../cluster/membership.ts';

/** After this silence, the last report of a replica no longer counts. */
const STALE_MS = 2500;
const GONE_MS = 5000;

/** What a replica says of itself besides its standing. `beat` changes each time. */
export interface OpsStats {
  readonly beat: number;
  readonly events: number;
  readonly moves: number;
  readonly p99: number | null;
  readonly memory: number;
  readonly reason?: string;
  readonly page?: string;
}

/** A replica that ended without a drain. */
export interface Loss {
  readonly replica: string;
  readonly startedAt: number;
  /** Another process of its name is there already. */
  readonly isBack: boolean;
}

const stateOf = ({ draining, ready }: Member): ReplicaState => (draining ? 'draining' : ready ? 'ready' : 'not_ready');
const hasDrained = ({ state }: ReplicaNow): boolean => state === 'draining';

interface Known {
  now: ReplicaNow;
  /** The state that the replica reports. */
  said: ReplicaState;
  beat: number;
  heardAt: number;
  isMember: boolean;
  samples: ReplicaSample[];
}

/**
 * The last five minutes of every replica that was heard of in that time, those that left and died among them. Whether
 * one is heard is told by its beat, by the clock of the listener.
 */
export class ReplicaHistory {
  readonly #known = new Map<string, Known>();
  #takenAt = -Infinity;
  /** Since when this replica has heard all there was to hear. */
  #listeningSince = -Infinity;

  /**
   * Takes what is known of the replicas at this moment. Gives those that ended without a drain. A replica that cannot
   * hear, or was stopped itself, does not take the others for gone.
   */
  take(members: readonly Member[], now: number, canHear = true): Loss[] {
    if (!canHear || now - this.#takenAt > STALE_MS) this.#listeningSince = now;
    this.#takenAt = now;
    const lost: Loss[] = [];
    for (const member of members) {
      const { replica, startedAt } = member;
      const before = this.#known.get(replica);
      const isAnother = before !== undefined && before.now.startedAt !== startedAt;
      if (isAnother && before.isMember && !hasDrained(before.now)) {
        lost.push({ replica, startedAt: before.now.startedAt, isBack: true });
      }
      this.#hear(member, now);
    }
    for (const [replica, known] of this.#known) {
      const isGone = now - Math.max(known.heardAt, this.#listeningSince) > GONE_MS;
      if (isGone && known.isMember) {
        known.isMember = false;
        if (!hasDrained(known.now)) lost.push({ replica, startedAt: known.now.startedAt, isBack: false });
        known.now = { ...known.now, state: hasDrained(known.now) ? 'left' : 'gone' };
      } else if (known.isMember && now - known.heardAt > STALE_MS && !hasDrained(known.now)) {
        known.now = { ...known.now, state: 'stale' };
      }
      known.samples = known.samples.filter(({ at }) => at > now - OPERATIONS_HISTORY_MS);
      if (known.samples.length === 0) this.#known.delete(replica);
    }
    return lost;
  }

  /** Every replica of the last five minutes, by name. */
  get replicas(): ReplicaNow[] {
    const all = [...this.#known.values()].map(({ now }) => now);
    return all.sort((one, other) => one.replica.localeCompare(other.replica));
  }

  get samples(): Record<string, readonly ReplicaSample[]> {
    return Object.fromEntries([...this.#known].map(([replica, { samples }]) => [replica, samples]));
  }

  #hear(member: Member, now: number): void {
    const known = this.#known.get(member.replica);
    // A replica of another version, which sends no beat, counts as heard while it is a member.
    const { beat = now, events = 0, moves = 0, p99 = null, memory = 0, reason, page } = member as Partial<OpsStats>;
    const state = stateOf(member);
    const isSame = known?.isMember && known.beat === beat && known.now.startedAt === member.startedAt;
    // Between two beats it may still say that it drains, which may be the last that is heard of it.
    if (isSame && known.said === state) return;
    const sample: ReplicaSample = { at: now, sockets: member.sockets, games: member.games, events, moves, p99 };
    this.#known.set(member.replica, {
      beat,
      said: state,
      heardAt: now,
      isMember: true,
      samples: [...(known?.samples ?? []), sample],
      now: {
        ...sample,
        state,
        memory,
        replica: member.replica,
        startedAt: member.startedAt,
        ...(state === 'not_ready' && reason !== undefined ? { reason } : {}),
        ...(page === undefined ? {} : { page }),
      },
    });
  }
}
