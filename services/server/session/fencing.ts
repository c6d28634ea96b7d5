import { Cluster } from 'ioredis';
import { Refusal } from '../authority/game-authority.ts';
import { type Store, storeFailure } from '../redis/connect.ts';
import { defineScript, type Script } from '../redis/scripts.ts';
import type { Connection } from './connection.ts';
import type { ConnectionSet } from './connection-set.ts';

/** Each replica listens to `gridlock:replica:<APPID>` for what is meant for it alone. */
export const REPLICA_CHANNEL = 'gridlock:replica:';
/** A fence may overtake the socket it is meant for, which is being opened at that moment. */
const RECENT_MS = 10_000;

/** Why a connection that is not new enough is closed, as replicas tell each other. */
const REASONS = ['supersede', 'logout', 'disconnect'] as const;
type Reason = (typeof REASONS)[number];

/** The generation that a connection has to exceed, and the close code otherwise. */
interface Mark {
  readonly generation: number;
  readonly reason: Reason;
}

const socketKey = (player: string) => `gridlock:{player:${player}}:socket`;

export interface FencingOptions {
  readonly redis: Store;
  readonly replica: string;
  readonly sockets: ConnectionSet;
  /** Sockets that a player may open in a minute, on all replicas together. */
  readonly socketsPerMinute: number;
  /** Longer than any of our own tokens can be used. */
  readonly keepSeconds: number;
  /** The store has no room for another player. */
  readonly isFull?: () => boolean;
  /** The player has a newer socket. */
  readonly supersede: (connection: Connection) => void;
  /** The player logged out. */
  readonly revoke: (connection: Connection) => void;
  /** A backend had the player disconnected. */
  readonly disconnect: (connection: Connection) => void;
}

/** Keeps only the newer of two sockets of a player, and none after a log-out, on whichever replicas they are. */
export class Fencing {
  readonly #options: FencingOptions;
  readonly #fence: Script;
  readonly #logout: Script;
  readonly #disconnect: Script;
  readonly #recent = new Map<string, Mark>();
  readonly #isCluster: boolean;
  /** Messages may have been lost, so the fences are read again. */
  #isDue = false;
  #rechecks = 0;

  constructor(options: FencingOptions) {
    this.#options = options;
    this.#isCluster = options.redis instanceof Cluster;
    this.#fence = defineScript(options.redis, [new URL('./lua/fence.lua', import.meta.url)]);
    this.#logout = defineScript(options.redis, [new URL('./lua/logout.lua', import.meta.url)]);
    this.#disconnect = defineScript(options.redis, [new URL('./lua/disconnect.lua', import.meta.url)]);
  }

  /**
   * The generation of a socket that the player opens now with a token of `issuedAt`, by this `attempt` of its client if
   * that is given. Older sockets are told to close. Rejects with a `Refusal`. Its code is `unauthorized` when the
   * player logged out since, `superseded` when a newer attempt of the client has connected, and `cluster_full` when
   * there is no room for a player who was not here lately.
   */
  async open(player: string, issuedAt: number, attempt = ''): Promise<number> {
    const { replica, keepSeconds, socketsPerMinute, isFull } = this.#options;
    const announce = this.#isCluster ? '' : REPLICA_CHANNEL;
    const rate = [socketsPerMinute / 60, socketsPerMinute];
    const args = [replica, keepSeconds, announce, ...splitAttempt(attempt), ...rate, isFull?.() ? 1 : 0, issuedAt];
    const [generation, before] = (await this.#run(this.#fence, player, args)) as [string, string];
    if (generation === 'rate') throw new Refusal('rate_limited', undefined, Number(before));
    if (generation === 'out') throw new Refusal('unauthorized');
    if (generation === 'full') throw new Refusal('cluster_full');
    if (generation === 'late') throw new Refusal('superseded');
    // In a cluster not from within the script: the other replica's channel may be on another shard. A replica that
    // cannot be told now asks for itself when it hears again, and no game takes a move of the older socket.
    if (this.#isCluster) this.#tell(before, `supersede ${player} ${generation}`);
    return Number(generation);
  }

  /** Makes the player's tokens invalid for at least `keepSeconds`, and closes the sockets. Rejects with a `Refusal`. */
  async logOut(player: string, keepSeconds = this.#options.keepSeconds): Promise<void> {
    const [before, generation] = (await this.#run(this.#logout, player, [keepSeconds])) as [string, string];
    this.#tell(before, `logout ${player} ${generation}`);
  }

  /** Closes the present sockets of the player; the tokens stay valid. Rejects with a `Refusal`. */
  async disconnect(player: string): Promise<void> {
    const args = [this.#options.keepSeconds];
    const [before, generation] = (await this.#run(this.#disconnect, player, args)) as [string, string];
    this.#tell(before, `disconnect ${player} ${generation}`);
  }

  /** The player goes on with a token of `issuedAt`: false when there was a log-out since. Rejects with a `Refusal`. */
  async renew(player: string, issuedAt: number): Promise<boolean> {
    const { redis, keepSeconds } = this.#options;
    const key = socketKey(player);
    try {
      // The newest socket is remembered for as long as it can be open, and a log-out perhaps for longer.
      const [out] = await Promise.all([redis.hget(key, 'out'), redis.expire(key, keepSeconds, 'GT')]);
      return out === null || issuedAt * 1000 > Number(out);
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** Takes `<reason> <player> <generation>` from the replica's channel. */
  take(payload: string): void {
    const [what = '', player = '', text = ''] = payload.split(' ');
    const reason = REASONS.find((one) => one === what);
    if (reason === undefined) return;
    const mark: Mark = { generation: Number(text), reason };
    for (const connection of this.#options.sockets.ofPlayer(player)) this.#judge(connection, mark);
    this.#recent.set(player, mark);
    setTimeout(() => {
      if (this.#recent.get(player) === mark) this.#recent.delete(player);
    }, RECENT_MS).unref();
  }

  /** Closes a connection that was just opened if it is outdated already; true when it was. */
  closeOutdated(connection: Connection): boolean {
    const mark = this.#recent.get(connection.player.id);
    return mark !== undefined && this.#judge(connection, mark);
  }

  /**
   * Looks for fences that were announced while this replica could not hear them. Rejects when Redis does not answer: then
   * it is still due.
   */
  async recheck(): Promise<void> {
    const { redis, sockets } = this.#options;
    this.#isDue = true;
    const began = (this.#rechecks += 1);
    await Promise.all(
      sockets.all().map(async (connection) => {
        const key = socketKey(connection.player.id);
        const [newest, out, cut] = await redis.hmget(key, 'generation', 'out', 'cut');
        const marks: Mark[] = [
          { generation: Number(out ?? 0), reason: 'logout' },
          { generation: Number(cut ?? 0), reason: 'disconnect' },
          { generation: Number(newest ?? 0), reason: 'supersede' },
        ];
        marks.some((mark) => this.#judge(connection, mark));
      }),
    );
    if (began === this.#rechecks) this.#isDue = false;
  }

  /** Looks again if the last look was not complete. Rejects as `recheck` does. */
  async recheckIfDue(): Promise<void> {
    if (this.#isDue) await this.recheck();
  }

  #judge(connection: Connection, { generation, reason }: Mark): boolean {
    if (connection.generation >= generation) return false;
    const { supersede, revoke, disconnect } = this.#options;
    const close = { supersede, logout: revoke, disconnect }[reason];
    close(connection);
    return true;
  }

  #tell(replica: string, what: string): void {
    if (replica === '') return;
    this.#options.redis.spublish(`${REPLICA_CHANNEL}${replica}`, what).catch(() => undefined);
  }

  async #run(script: Script, player: string, args: (string | number)[]): Promise<unknown> {
    try {
      return await script([socketKey(player)], args);
    } catch (error) {
      throw storeFailure(error);
    }
  }
}

function splitAttempt(attempt: string): [client: string, number: string] {
  const [client = '', number = ''] = attempt.split('.');
  return [client, number];
}
