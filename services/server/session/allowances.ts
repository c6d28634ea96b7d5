import { LIMITS } from '../../protocol/index.ts';
import type { ReplicaLimits } from '../limits.ts';

/** A token bucket: `burst` at once, `perSecond` in the long run. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** `now` in milliseconds, by any clock that never goes back. */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /**
   * Takes `count` tokens, at most the burst. Returns 0 on success. Otherwise takes none and returns the milliseconds
   * until there are enough.
   */
  take(now: number, count = 1): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
    if (this.#tokens >= count) {
      this.#tokens -= count;
      return 0;
    }
    return Math.ceil(((count - this.#tokens) / this.#perSecond) * 1000);
  }

  /** Returns an allowance that was not used. */
  give(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }

  /** Nothing is missing: a new bucket would give as much. */
  isFull(now: number): boolean {
    return this.#tokens + ((now - this.#at) / 1000) * this.#perSecond >= this.#burst;
  }
}

/** A burst may be this many times the rate of a second, as a reloaded page restores its games and channels. */
const BURST = LIMITS.messageBurst / LIMITS.messagesPerSecond;
const BYTES_BURST = 4;
/** New games cost the store most, so an address may make at once only as many as in this time. */
const GAMES_BURST_SECONDS = 5;
/** How long an address is blocked after too many refused requests. */
const SHUT_OUT_MS = 10_000;
/**
 * Sessions are kept for a day: an address gets few in the long run. The burst is enough for all clients behind it that
 * come back.
 */
const SESSIONS_BURST = 100;
const SWEEP_MS = 30_000;
/**
 * Histories that a player may ask for: an answer is up to some thousand times the question. At once, twice what a page
 * that comes back needs.
 */
const HISTORIES = { perSecond: 2, burst: 40 };

interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Buckets by key, each made when something is first taken from it and kept for as long as something is missing. */
class BucketSet<Name extends string> {
  readonly #rates: Readonly<Record<Name, Rate>>;
  readonly #all = new Map<string, Partial<Record<Name, TokenBucket>>>();

  constructor(rates: Readonly<Record<Name, Rate>>) {
    this.#rates = rates;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Gives 0 when there was as much, otherwise the milliseconds to wait. */
  take(key: string, name: Name, now: number, count = 1): number {
    let buckets = this.#all.get(key);
    if (!buckets) this.#all.set(key, (buckets = {}));
    const { perSecond, burst } = this.#rates[name];
    const bucket: TokenBucket = (buckets[name] ??= new TokenBucket(perSecond, burst, now));
    return bucket.take(now, count);
  }

  /** Returns an allowance that was not used. */
  give(key: string, name: Name): void {
    this.#all.get(key)?.[name]?.give();
  }

  sweep(now: number): void {
    for (const [key, buckets] of this.#all) {
      const kept = Object.values<TokenBucket | undefined>(buckets);
      if (kept.every((bucket) => bucket === undefined || bucket.isFull(now))) this.#all.delete(key);
    }
  }
}

/** What a socket may still do. Each gives the milliseconds to wait, and 0 when it was granted. */
export interface Allowance {
  message(bytes: number): number;
  publish(): number;
  /** A message in a channel that keeps nothing. */
  signal(): number;
  /** A request that may make a game. */
  game(): number;
  /** A game that the player makes, counted by address too. */
  newGame(): number;
  /** It was not made. */
  noNewGame(): void;
  /** A request that is answered with a history or a whole game. */
  history(): number;
  /** Counts a request that was refused as malformed or too many; false when the address has had too many of them. */
  refused(): boolean;
}

/**
 * What the players and addresses of this replica may do in a time. It is counted by player and not by socket, so that
 * a new socket brings no new allowance.
 */
export class Allowances {
  readonly #players: BucketSet<'sockets' | 'messages' | 'bytes' | 'publish' | 'signals' | 'games' | 'histories'>;
  readonly #addresses: BucketSet<'sessions' | 'messages' | 'bytes' | 'games' | 'refusals'>;
  /** Until when an address stays blocked, by the clock of `now`. */
  readonly #shutOut = new Map<string, number>();
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;

  /** `now` in milliseconds, by a clock that never goes back. */
  constructor({ perPlayer, perAddress }: ReplicaLimits, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#players = new BucketSet({
      sockets: { perSecond: perPlayer.socketsPerMinute / 60, burst: perPlayer.socketsPerMinute },
      messages: { perSecond: perPlayer.messagesPerSecond, burst: perPlayer.messagesPerSecond * BURST },
      bytes: { perSecond: perPlayer.bytesPerSecond, burst: perPlayer.bytesPerSecond * BYTES_BURST },
      publish: { perSecond: perPlayer.publishPerTenSeconds / 10, burst: perPlayer.publishPerTenSeconds },
      signals: { perSecond: LIMITS.signalsPerSecond, burst: 2 * LIMITS.signalsPerSecond },
      games: { perSecond: perPlayer.gamesPerMinute / 60, burst: perPlayer.gamesPerMinute },
      histories: HISTORIES,
    });
    this.#addresses = new BucketSet({
      games: {
        perSecond: perAddress.gamesPerMinute / 60,
        burst: Math.ceil((perAddress.gamesPerMinute * GAMES_BURST_SECONDS) / 60),
      },
      sessions: { perSecond: perAddress.sessionsPerMinute / 60, burst: perAddress.sessionsPerMinute * SESSIONS_BURST },
      refusals: { perSecond: perAddress.refusalsPerMinute / 60, burst: perAddress.refusalsPerMinute },
      messages: { perSecond: perAddress.messagesPerSecond, burst: perAddress.messagesPerSecond * BURST },
      bytes: { perSecond: perAddress.bytesPerSecond, burst: perAddress.bytesPerSecond * BYTES_BURST },
    });
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  /** Players and addresses that are remembered. */
  get size(): number {
    return this.#players.size + this.#addresses.size + this.#shutOut.size;
  }

  of(player: string, address: string): Allowance {
    return new SharedAllowance(this, player, address);
  }

  /** A message of a player: the milliseconds to wait, or 0. */
  message(player: string, address: string, bytes: number): number {
    const now = this.#now();
    return (
      this.#players.take(player, 'messages', now) ||
      this.#players.take(player, 'bytes', now, bytes) ||
      this.#addresses.take(address, 'messages', now) ||
      this.#addresses.take(address, 'bytes', now, bytes)
    );
  }

  /** A message in a channel, a request that may make a game, or a socket of a player: the milliseconds to wait, or 0. */
  take(player: string, what: 'publish' | 'signals' | 'games' | 'sockets' | 'histories'): number {
    return this.#players.take(player, what, this.#now());
  }

  /** A socket that a player opens: the milliseconds to wait, or 0. */
  socket(player: string): number {
    return this.take(player, 'sockets');
  }

  /** A session that an address asks for: the milliseconds to wait, or 0. */
  session(address: string): number {
    return this.#addresses.take(address, 'sessions', this.#now());
  }

  /** A request of an address that was refused as malformed or too many; false when there were too many of them. */
  refused(address: string): boolean {
    const now = this.#now();
    if (this.#addresses.take(address, 'refusals', now) === 0) return true;
    this.#shutOut.set(address, now + SHUT_OUT_MS);
    return false;
  }

  /** How long an address is still blocked for too many refused requests, in milliseconds; 0 if it is not. */
  shutOut(address: string): number {
    return Math.ceil(Math.max(0, (this.#shutOut.get(address) ?? 0) - this.#now()));
  }

  /** A game that a player of an address makes: the milliseconds to wait, or 0. */
  newGame(address: string): number {
    return this.#addresses.take(address, 'games', this.#now());
  }

  /** It was not made. */
  noNewGame(address: string): void {
    this.#addresses.give(address, 'games');
  }

  sweep(): void {
    const now = this.#now();
    this.#players.sweep(now);
    this.#addresses.sweep(now);
    for (const [address, until] of this.#shutOut) if (until <= now) this.#shutOut.delete(address);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** One for each socket: it holds no buckets, so that those of an idle player can go. */
class SharedAllowance implements Allowance {
  readonly #all: Allowances;
  readonly #player: string;
  readonly #address: string;

  constructor(all: Allowances, player: string, address: string) {
    [this.#all, this.#player, this.#address] = [all, player, address];
  }

  message(bytes: number): number {
    return this.#all.message(this.#player, this.#address, bytes);
  }

  publish(): number {
    return this.#all.take(this.#player, 'publish');
  }

  signal(): number {
    return this.#all.take(this.#player, 'signals');
  }

  game(): number {
    return this.#all.take(this.#player, 'games');
  }

  newGame(): number {
    return this.#all.newGame(this.#address);
  }

  noNewGame(): void {
    this.#all.noNewGame(this.#address);
  }

  history(): number {
    return this.#all.take(this.#player, 'histories');
  }

  refused(): boolean {
    return this.#all.refused(this.#address);
  }
}
