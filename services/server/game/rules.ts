import {
  applyEvent,
  type ErrorCode,
  FREE,
  type GameEvent,
  type GameSettings,
  type GameState,
  type PlayerRef,
  type Ranked,
} from '../../protocol/index.ts';

/** What somebody wants of a game. `finish` comes from the clock, everything else from a player. */
export type Command =
  | { readonly kind: 'create'; readonly player: PlayerRef; readonly settings: GameSettings }
  | { readonly kind: 'join'; readonly player: PlayerRef }
  | { readonly kind: 'leave'; readonly player: string }
  | { readonly kind: 'capture'; readonly player: string; readonly cell: number }
  | { readonly kind: 'finish' };

/**
 * The events that a command causes, in order. A refused command may cause some: a capture after time ends the
 * game.
 */
export interface Decision {
  readonly events: readonly GameEvent[];
  readonly refusal?: ErrorCode;
}

const refuse = (refusal: ErrorCode, events: readonly GameEvent[] = []): Decision => ({ events, refusal });

/** Seats by score, best first; equal scores share a rank and the next rank is skipped (1, 2, 2, 4). */
export function rank(players: GameState['players']): Ranked[] {
  return (
    players
      .map(({ id, name, score }) => {
        const better = players.filter((other) => other.score > score).length;
        return { rank: better + 1, player: id, name, score };
      })
      // The sort is stable: who shares a rank stays in the order of the seats.
      .sort((left, right) => left.rank - right.rank)
  );
}

/**
 * The rules of the game, without any effect: what `command` does to `state` at `now` (milliseconds). `state`
 * is undefined while the game does not exist. The scripts that run inside Redis follow these rules to the
 * letter, which a model test checks.
 */
export function decide(state: GameState | undefined, command: Command, now: number): Decision {
  if (command.kind === 'create') return create(command.player, command.settings);
  if (!state) return refuse('game_not_found');
  switch (command.kind) {
    case 'join':
      return join(state, command.player, now);
    case 'leave':
      return leave(state, command.player);
    case 'capture':
      return capture(state, command.player, command.cell, now);
    case 'finish':
      return finish(state, now);
  }
}

/** The state after the events of a decision, all at the same time. */
export function applyAll(state: GameState | undefined, events: readonly GameEvent[], at: number) {
  return events.reduce<GameState | undefined>((current, event) => applyEvent(current, event, at), state);
}

const seatOf = (state: GameState, player: string) => state.players.findIndex(({ id }) => id === player);

function create(player: PlayerRef, settings: GameSettings): Decision {
  return {
    events: [
      { kind: 'created', settings },
      { kind: 'joined', player: player.id, name: player.name, seat: 0 },
    ],
  };
}

function join(state: GameState, player: PlayerRef, now: number): Decision {
  if (seatOf(state, player.id) !== -1) return { events: [] };
  if (state.status === 'completed') return refuse('game_over');
  const seat = state.players.length;
  if (state.status === 'active' || seat >= state.settings.players) return refuse('game_full');
  const joined: GameEvent = { kind: 'joined', player: player.id, name: player.name, seat };
  if (seat + 1 < state.settings.players) return { events: [joined] };
  const endsAt = now + state.settings.seconds * 1000;
  return { events: [joined, { kind: 'started', startedAt: now, endsAt }] };
}

function leave(state: GameState, player: string): Decision {
  const seat = seatOf(state, player);
  if (seat === -1) return refuse('not_a_player');
  // Once the game runs the seat and its cells stay: who left may come back.
  return { events: state.status === 'waiting' ? [{ kind: 'left', player, seat }] : [] };
}

function capture(state: GameState, player: string, cell: number, now: number): Decision {
  const seat = seatOf(state, player);
  if (seat === -1) return refuse('not_a_player');
  if (state.status === 'waiting') return refuse('game_not_active');
  if (state.status === 'completed') return refuse('game_over');
  if (now >= (state.endsAt ?? 0)) return refuse('game_over', [finished(state, 'time')]);
  const holder = state.cells[cell];
  if (holder === undefined) return refuse('cell_out_of_range');
  if (holder !== FREE) return refuse('cell_taken');
  const scores = state.players.map(({ score }, index) => (index === seat ? score + 1 : score));
  const captured: GameEvent = { kind: 'captured', player, seat, cell, scores };
  const after = applyEvent(state, captured, now);
  const full = !after.cells.includes(FREE);
  return { events: full ? [captured, finished(after, 'board')] : [captured] };
}

function finish(state: GameState, now: number): Decision {
  if (state.status === 'waiting') return refuse('game_not_active');
  if (state.status === 'completed' || now < (state.endsAt ?? 0)) return { events: [] };
  return { events: [finished(state, 'time')] };
}

const finished = (state: GameState, reason: 'time' | 'board'): GameEvent => ({
  kind: 'finished',
  reason,
  ranking: rank(state.players),
});
