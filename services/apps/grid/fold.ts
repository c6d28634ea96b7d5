import type { GameEvent, GameState } from './types.ts';

/** The seat of a cell that nobody holds. */
export const FREE = -1;

/**
 * The state after an event: the same on every side of the wire. `state` is undefined before the first event of a game
 * (`created`); `at` is the event's time. Returns a new value and leaves the old one as it is. Throws a `FoldError` when
 * the event cannot follow the state, which means that the history has a gap.
 */
export function applyEvent(state: GameState | undefined, event: GameEvent, at: number): GameState {
  if (event.kind === 'created') {
    if (state) throw new FoldError('A game cannot be created twice.');
    const { settings } = event;
    const cells = new Array<number>(settings.size ** 2).fill(FREE);
    return { settings, status: 'waiting', players: [], cells, createdAt: at };
  }
  if (!state) throw new FoldError(`A game's history begins with "created", not "${event.kind}".`);
  switch (event.kind) {
    case 'joined': {
      if (event.seat !== state.players.length) throw new FoldError(`Seat ${event.seat} is not the next free one.`);
      return { ...state, players: [...state.players, { id: event.player, name: event.name, score: 0 }] };
    }
    case 'left':
      return { ...state, players: state.players.filter((_, seat) => seat !== event.seat) };
    case 'introduced': {
      const { seat, bot } = event;
      if (!state.players[seat]) throw new FoldError(`Nobody sits at seat ${seat}.`);
      return {
        ...state,
        players: state.players.map((player, index) => (index === seat ? { ...player, bot } : player)),
      };
    }
    case 'started':
      return { ...state, status: 'active', startedAt: event.startedAt, endsAt: event.endsAt };
    case 'captured': {
      if (state.cells[event.cell] !== FREE) throw new FoldError(`Cell ${event.cell} is taken or not on the board.`);
      const cells = state.cells.with(event.cell, event.seat);
      const players = state.players.map((player, seat) => ({ ...player, score: event.scores[seat] ?? player.score }));
      return { ...state, cells, players };
    }
    case 'finished':
      return { ...state, status: 'completed', finishedAt: at, reason: event.reason, ranking: event.ranking };
  }
}

export class FoldError extends Error {
  override readonly name = 'FoldError';
}
