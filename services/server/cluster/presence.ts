import { LIMITS, type PlayerRef, type ServerMessage } from '../../protocol/index.ts';
import type { Bus } from '../redis/bus.ts';
import type { Store } from '../redis/connect.ts';
import { Packet } from '../transport/packet.ts';

/** The report of one replica about a channel. It counts until the given time, by Redis's clock. */
interface Report {
  readonly until: number;
  readonly count: number;
  readonly players: PlayerRef[];
}

type Deliver = (packet: Packet) => void;

export interface PresenceOptions {
  readonly redis: Store;
  readonly bus: Bus;
  readonly replica: string;
  /** Milliseconds by Redis's clock. */
  readonly now: () => number;
  readonly heartbeatMs: number;
  readonly onError: (error: unknown) => void;
}

/**
 * The players in each channel, over all replicas. Each replica keeps its own players in one field of a hash and renews
 * it; the report of a crashed replica expires, and all replicas notice that within a heartbeat.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #channels = new Map<string, ChannelPresence>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      for (const channel of this.#channels.values()) channel.renew();
    }, options.heartbeatMs / 5);
  }

  /**
   * Lists the player in a channel and calls `deliver` with the present players. Returns the function that removes the
   * player. Without a player, `deliver` is called and nobody is listed.
   */
  enter(channel: string, player: PlayerRef | undefined, deliver: Deliver): () => void {
    let there = this.#channels.get(channel);
    if (!there) {
      there = new ChannelPresence(channel, this.#options);
      this.#channels.set(channel, there);
    }
    const entered = there;
    const leave = entered.enter(player, deliver);
    return () => {
      leave();
      if (!entered.isEmpty) return;
      this.#channels.delete(channel);
      entered.close();
    };
  }

  /** Removes all players of this replica at once. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#channels.values()].map((channel) => channel.close()));
    this.#channels.clear();
  }
}

const WATCHERS = ':watchers';

/** The watchers of a game. Nobody can subscribe to this channel. */
export const watchersOf = (game: string): string => `${game}${WATCHERS}`;

const toMessage = (channel: string, count: number, players: PlayerRef[]): ServerMessage =>
  channel.endsWith(WATCHERS)
    ? { type: 'watchers', game: channel.slice(0, -WATCHERS.length), count }
    : { type: 'presence', channel, count, players };

class ChannelPresence {
  readonly #channel: string;
  readonly #key: string;
  readonly #options: PresenceOptions;
  /** One entry per socket: a player with two sockets stays until both are gone. */
  readonly #sockets = new Set<{ player: PlayerRef | undefined; deliver: Deliver }>();
  readonly #announce: Throttle;
  readonly #read: Throttle;
  #shown = '';
  #count = 0;
  #closed = false;

  constructor(channel: string, options: PresenceOptions) {
    this.#channel = channel;
    this.#key = `gridlock:{${channel}}:presence`;
    this.#options = options;
    // The fuller the channel, the more each change costs and the less it says.
    const interval = () => 1000 + 5 * this.#count;
    this.#announce = new Throttle(() => void this.#write(true), interval);
    this.#read = new Throttle(() => void this.#show(), interval);
    options.bus.listen(this.#key, {
      message: () => this.#read.trigger(),
      confirmed: () => this.#read.trigger(),
    });
  }

  get isEmpty(): boolean {
    return this.#sockets.size === 0;
  }

  enter(player: PlayerRef | undefined, deliver: Deliver): () => void {
    const socket = { player, deliver };
    this.#sockets.add(socket);
    // A new subscriber receives the list even if the list does not change.
    this.#shown = '';
    this.#announce.trigger();
    return () => {
      this.#sockets.delete(socket);
      this.#announce.trigger();
    };
  }

  renew(): void {
    void this.#write(false).then(() => this.#read.trigger());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#announce.stop();
    this.#read.stop();
    const { bus, redis, replica, onError } = this.#options;
    bus.unlisten(this.#key);
    await redis.pipeline().hdel(this.#key, replica).spublish(this.#key, '').exec().catch(onError);
  }

  async #write(announce: boolean): Promise<void> {
    if (this.#closed) return;
    const { redis, replica, now, heartbeatMs, onError } = this.#options;
    const here = new Map([...this.#sockets].flatMap(({ player }) => (player ? [[player.id, player]] : [])));
    const lives = heartbeatMs * 0.6;
    const report: Report = {
      until: now() + lives,
      count: here.size,
      players: [...here.values()].slice(0, LIMITS.presenceListed),
    };
    const pipeline = redis.pipeline();
    pipeline.hset(this.#key, replica, JSON.stringify(report)).pexpire(this.#key, 60_000);
    if (announce) pipeline.spublish(this.#key, '');
    try {
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
    } catch (error) {
      onError(error);
    }
  }

  async #show(): Promise<void> {
    const { redis, now, onError } = this.#options;
    try {
      const reports = await redis.hgetall(this.#key);
      if (this.#closed) return;
      const players = new Map<string, PlayerRef>();
      let beyondListed = 0;
      const stale: string[] = [];
      for (const [replica, json] of Object.entries(reports)) {
        const report = JSON.parse(json) as Report;
        if (report.until < now()) {
          if (report.until < now() - 60_000) stale.push(replica);
          continue;
        }
        beyondListed += report.count - report.players.length;
        for (const player of report.players) players.set(player.id, player);
      }
      if (stale.length > 0) await redis.hdel(this.#key, ...stale);
      this.#count = players.size + beyondListed;
      const listed = [...players.values()].slice(0, LIMITS.presenceListed);
      const count = this.#count;
      const packet = Packet.of(toMessage(this.#channel, count, listed));
      if (packet.text === this.#shown) return;
      this.#shown = packet.text;
      for (const { deliver } of this.#sockets) deliver(packet);
    } catch (error) {
      onError(error);
    }
  }
}

/** Runs a task at most once per interval: the first call promptly, and calls that follow too soon together later. */
export class Throttle {
  readonly #task: () => void;
  readonly #interval: () => number;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `interval` in milliseconds, asked after each run. */
  constructor(task: () => void, interval: () => number) {
    this.#task = task;
    this.#interval = interval;
  }

  trigger(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#next = performance.now() + this.#interval();
        this.#task();
      },
      Math.max(0, this.#next - performance.now()),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
