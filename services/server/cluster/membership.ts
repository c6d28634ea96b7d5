import type { Bus } from '../redis/bus.ts';
import type { Store } from '../redis/connect.ts';

/** The channel on which every replica announces its state. */
export const MEMBERSHIP_CHANNEL = 'gridlock:membership';
const EVERY_MS = 1000;
const FORGET_MS = 5000;

/** The state of a replica, as it announces it. */
export interface Standing {
  readonly sockets: number;
  /** The games that are followed on the replica. */
  readonly games: number;
  readonly ready: boolean;
  readonly draining: boolean;
}

/** One replica of the cluster. `startedAt` is in milliseconds since the Unix epoch by its own clock. */
export interface Member extends Standing {
  readonly replica: string;
  readonly startedAt: number;
  /** The further fields of its announcement. */
  readonly [stat: string]: unknown;
}

export interface MembershipOptions {
  readonly redis: Pick<Store, 'spublish'>;
  readonly bus: Pick<Bus, 'listen' | 'unlisten'>;
  readonly replica: string;
  readonly standing: () => Standing;
  /** Further fields to announce. */
  readonly stats?: () => object;
  readonly everyMs?: number;
  readonly forgetMs?: number;
}

/** The replicas of the cluster and their state. Each announces itself once a second, and a silent one is forgotten. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #startedAt = Date.now();
  readonly #tasks: (() => void)[] = [];
  readonly #heard = new Map<string, { member: Member; at: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: MembershipOptions) {
    this.#options = options;
    options.bus.listen(MEMBERSHIP_CHANNEL, {
      message: (payload) => this.#take(payload),
      confirmed: () => this.announce(),
    });
    this.#timer = setInterval(() => {
      this.announce();
      for (const task of this.#tasks) task();
    }, options.everyMs ?? EVERY_MS);
  }

  /** This replica and those that announced themselves lately, by name. */
  get members(): Member[] {
    return [this.own, ...this.others].sort((left, right) => left.replica.localeCompare(right.replica));
  }

  /** The other replicas that announced themselves lately. */
  get others(): Member[] {
    this.#forget();
    return [...this.#heard.values()].map(({ member }) => member);
  }

  /** This replica as it is now. */
  get own(): Member {
    const { replica, standing, stats } = this.#options;
    return { ...stats?.(), replica, startedAt: this.#startedAt, ...standing() };
  }

  /** Runs a task after each announcement of this replica. */
  onTick(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Announces the state of this replica now. After a failure, the next announcement follows a second later. */
  announce(): void {
    this.#options.redis.spublish(MEMBERSHIP_CHANNEL, JSON.stringify(this.own)).catch(() => undefined);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#options.bus.unlisten(MEMBERSHIP_CHANNEL);
  }

  #take(payload: string): void {
    const member = JSON.parse(payload) as Member;
    if (member.replica === this.#options.replica) return;
    const known = this.#heard.get(member.replica)?.member;
    // Of two processes with the same name, the one that started last counts.
    if (known && known.startedAt > member.startedAt) return;
    this.#heard.set(member.replica, { member, at: performance.now() });
  }

  #forget(): void {
    const before = performance.now() - (this.#options.forgetMs ?? FORGET_MS);
    for (const [replica, { at }] of this.#heard) if (at < before) this.#heard.delete(replica);
  }
}
