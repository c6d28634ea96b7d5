import type { AnyCommand, AnyRoomType } from '../protocol/index.ts';
import type { Channels } from './channels.ts';
import { GridlockError } from './errors.ts';
import type { Games } from './games.ts';
import type { Ack } from './outbox.ts';
import type { Predictions } from './predictions.ts';
import type { NewRequest, Requests } from './requests.ts';
import type { Room, RoomHost } from './room.ts';

interface Parts {
  readonly requests: Requests;
  readonly games: Games;
  readonly channels: Channels;
  readonly predictions: Predictions;
  /** Moves the socket to a game's replica, if the cluster wants that. */
  routeTo(game: string): void;
  forget(game: string): void;
}

/** The requests of a player about rooms: to enter one, to act in it, to leave it. */
export class RoomRequests implements RoomHost {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Resolves when the server has given a seat and the state has arrived. */
  async enter(
    request: NewRequest<'create' | 'join' | 'match' | 'watch'>,
    type: AnyRoomType | undefined,
  ): Promise<Room> {
    const { games, requests } = this.#parts;
    if (request.type === 'join' || request.type === 'watch') this.#expect(request.game as string);
    const isWatching = request.type === 'watch';
    let entered: Promise<Room> | undefined;
    await requests.send(request, ({ game, epoch }) => {
      if (game === undefined) return;
      entered = games.enter(game, epoch, { isWatching, type });
      this.#parts.routeTo(game);
    });
    if (entered) return entered;
    throw new GridlockError('protocol_error', `The answer to "${request.type}" names no room.`);
  }

  send(code: string, command: AnyCommand): Promise<Ack> {
    const { predictions, requests } = this.#parts;
    const { kind, ...fields } = command;
    const prediction = predictions.add(code, command);
    return requests.send(
      { ...fields, type: kind, game: code },
      (ack) => predictions.grant(prediction, ack),
      () => predictions.remove(prediction),
    );
  }

  async leave(code: string): Promise<void> {
    const { games, channels, requests } = this.#parts;
    const wasCompleted = games.forgetCompleted(code);
    const isLeft = (error: GridlockError) =>
      wasCompleted || error.code === 'game_not_found' || error.code === 'not_a_player';
    // The channels of a room are only for its members.
    const forgetChannels = channels.forgetter(code);
    // Runs before the rest of the frame is read, because the rest may give a seat that was requested after this.
    const forget = () => {
      forgetChannels();
      this.#parts.forget(code);
    };
    try {
      await requests.send({ type: 'leave', game: code }, forget, (error) => isLeft(error) && forget());
    } catch (error) {
      if (!(error instanceof GridlockError && isLeft(error))) throw error;
    }
  }

  predicted(code: string): unknown {
    return this.#parts.predictions.state(code);
  }

  /** A seat in a game is about to be requested. */
  #expect(game: string): void {
    this.#parts.games.expect(game);
    this.#parts.routeTo(game);
  }
}
