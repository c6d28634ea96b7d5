import { type GameAuthority, Refusal, type Resumed, type View } from '../authority/game-authority.ts';
import type { GameClock } from '../cluster/clock.ts';
import { type Presence, watchersOf } from '../cluster/presence.ts';
import type { FeedSet } from '../history/feed.ts';
import type { Follower, History } from '../history/history.ts';
import type { Connection, FollowedRoom } from '../session/connection.ts';
import type { KeyedQueue } from '../session/keyed-queue.ts';
import { reread } from '../session/reread.ts';
import { Packet } from '../transport/packet.ts';
import type { EndedRooms } from './ended-rooms.ts';

export interface FollowedGamesServices {
  readonly authority: GameAuthority;
  readonly presence: Presence;
  readonly feeds: FeedSet;
  readonly gameClock: GameClock;
  readonly endedRooms: Pick<EndedRooms, 'note'>;
}

/** A game that a connection follows. */
interface Followed {
  /** Whether the connection only watches. */
  readonly isWatching: boolean;
  /** Stops the events. */
  readonly stop: () => void;
  /** Stops the number of watchers, and no longer counts this one. */
  readonly leaveWatchers: () => void;
}

/** The position in a game from which a connection follows it. */
interface At {
  readonly game: string;
  readonly epoch: string;
  readonly seq: number;
  readonly isOver: boolean;
  readonly deadline: number | undefined;
  readonly isPublic: boolean;
}

/** The games whose events one connection receives: those that the player plays, and those that are watched. */
export class FollowedGames {
  readonly #connection: Connection;
  readonly #services: FollowedGamesServices;
  readonly #queue: KeyedQueue;
  readonly #games = new Map<string, Followed>();

  constructor(connection: Connection, services: FollowedGamesServices, queue: KeyedQueue) {
    this.#connection = connection;
    this.#services = services;
    this.#queue = queue;
  }

  get size(): number {
    return this.#games.size;
  }

  /** The games the player has a seat in. */
  get played(): string[] {
    return [...this.#games].filter(([, { isWatching }]) => !isWatching).map(([game]) => game);
  }

  get all(): FollowedRoom[] {
    return [...this.#games].map(([game, { isWatching }]) => ({ game, isWatching }));
  }

  has(game: string): boolean {
    return this.#games.has(game);
  }

  /** Whether the game is watched; undefined when it is not followed. */
  isWatching(game: string): boolean | undefined {
    return this.#games.get(game)?.isWatching;
  }

  close(): void {
    for (const game of [...this.#games.keys()]) this.stop(game);
  }

  /** Sends a snapshot and follows the game from there. Both happen in one turn, so that no event can come between. */
  show({ game, epoch, seq, now, state }: View, isWatching: boolean, recovered?: false): void {
    const lost = recovered === false ? { recovered } : {};
    const { type } = this.#services.authority;
    this.#connection.send({ type: 'snapshot', game, epoch, seq, now, state, ...lost });
    const [isOver, deadline, isPublic] = [type.isOver(state), type.deadline(state), type.isPublic(state)];
    this.#follow({ game, epoch, seq, isOver, deadline, isPublic }, isWatching);
  }

  /** Sends the missed events, and follows the game from there. `isNew`: the client knew nothing, so nothing is lost. */
  goOn(id: string, game: string, resumed: Resumed, isWatching: boolean, isNew = false): void {
    const { recovered } = resumed;
    const { epoch, seq } = recovered ? resumed : resumed.view;
    this.#connection.send({ type: 'ack', id, game, epoch, seq, ...(isNew ? {} : { recovered }) });
    if (!recovered) return this.show(resumed.view, isWatching, isNew ? undefined : false);
    for (const { text } of resumed.entries) this.#connection.deliver(new Packet('event', text));
    this.#follow({ game, ...resumed }, isWatching);
  }

  #follow({ game, epoch, seq, isOver, deadline, isPublic }: At, isWatching: boolean): void {
    this.stop(game);
    if (isOver || !this.#connection.isOpen) return;
    const { feeds, gameClock, presence } = this.#services;
    const { player } = this.#connection;
    const deliver = (packet: Packet) => this.#connection.deliver(packet);
    const leaveWatchers = isPublic
      ? presence.enter(watchersOf(game), isWatching ? player : undefined, deliver)
      : () => undefined;
    const over = () => {
      leaveWatchers();
      this.#games.delete(game);
    };
    const follower: Follower = {
      deliver,
      ended: over,
      reset: () => {
        over();
        this.#queue.run(game, () => this.#startOver(game, isWatching));
      },
    };
    const stop = feeds.follow(gameHistory(game, this.#services), epoch, seq, follower);
    this.#games.set(game, { isWatching, stop, leaveWatchers });
    if (deadline !== undefined) gameClock.arm(game, deadline);
  }

  /** Stops following a game. */
  stop(game: string): void {
    const followed = this.#games.get(game);
    this.#games.delete(game);
    followed?.stop();
    followed?.leaveWatchers();
  }

  async #startOver(game: string, isWatching: boolean): Promise<void> {
    try {
      const { authority } = this.#services;
      const { type } = authority;
      const view = await reread(
        () => authority.view(game),
        () => this.#connection.isOpen,
      );
      const isMember = type.members(view.state).some(({ id }) => id === this.#connection.player.id);
      const maySee = isMember || (isWatching && type.isPublic(view.state));
      if (maySee) this.show(view, isWatching, false);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'game_not_found') return;
      // The client must not keep a history that no longer exists: it resumes on the next socket.
      this.#connection.log.warn({ game, reason: (error as Error).message }, 'a game could not be read again');
      this.#connection.close('tryAgainLater');
    }
  }
}

export interface GameHistoryParts {
  readonly authority: GameAuthority;
  readonly feeds: FeedSet;
  readonly gameClock: GameClock;
  readonly endedRooms: Pick<EndedRooms, 'note'>;
}

/** The events of a game as a feed follows them. Its start arms the clock, and its end ends the feed. */
export function gameHistory(game: string, { authority, feeds, gameClock, endedRooms }: GameHistoryParts): History {
  const channel = authority.channel(game);
  return {
    channel,
    head: authority.head(game),
    type: 'event',
    after: (position) => authority.entriesAfter(game, position),
    position: () => authority.position(game),
    renew: (epoch) => authority.renew(game, epoch),
    delivered: (epoch, entry) => {
      authority.observe(game, epoch, entry);
      const { deadline, over } = changesOf(entry.text);
      if (over) {
        gameClock.disarm(game);
        endedRooms.note(game);
        feeds.end(channel);
      } else if (deadline !== undefined) {
        if (deadline === null) gameClock.disarm(game);
        else gameClock.arm(game, deadline);
      }
    },
  };
}

/**
 * What an event changes for the kernel. Most events change nothing and end with the event itself, so they are not
 * parsed.
 */
function changesOf(text: string): { readonly deadline?: number | null; readonly over?: true } {
  return text.endsWith('}}') ? {} : JSON.parse(text);
}
