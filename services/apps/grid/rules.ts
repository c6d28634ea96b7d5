import type { Context, Decision, ErrorCode, KernelCommand, PlayerRef, Result } from '../../protocol/index.ts';
import { applyEvent, FREE } from './fold.ts';
import type { BotStrength, FinishReason, GameEvent, GameSettings, GameState, Ranked } from './types.ts';

/** A player takes a cell: `row * size + column`. */
export type Capture = { readonly kind: 'capture'; readonly cell: number };

/** A bot says that it is a bot. It is then marked, and does not count in the ranking of the day. */
export type Introduction = { readonly kind: 'introduce'; readonly bot: BotStrength };

export type Command = Capture | Introduction | KernelCommand<GameSettings>;

/** Why the game refuses a command, besides the codes of the kernel. */
export const REFUSALS = Object.freeze({
  cell_taken: 'Somebody captured the cell first.',
  cell_out_of_range: 'The board has no such cell.',
});

type Refusal = ErrorCode | keyof typeof REFUSALS;
type Verdict = Decision<GameEvent> & { readonly refusal?: Refusal | undefined };

const refuse = (refusal: Refusal, events: readonly GameEvent[] = []): Verdict => ({ events, refusal });

/** Seats by score, best first; equal scores share a rank and the next rank is skipped (1, 2, 2, 4). */
export function rank(players: GameState['players']): Ranked[] {
  return (
    players
      .map(({ id, name, score }) => {
        const better = players.filter((other) => other.score > score).length;
        return { rank: better + 1, player: id, name, score };
      })
      // The sort is stable: players who share a rank stay in the order of their seats.
      .sort((left, right) => left.rank - right.rank)
  );
}

/**
 * The results of a game for its players: a cell is a point, and nobody wins a draw. Bots do not count, but a win
 * against one does. A game that an operator closed counts for nobody.
 */
export function results({ players, ranking = [], reason }: GameState): Result[] {
  if (reason === 'closed') return [];
  const isDraw = ranking.every(({ rank }) => rank === 1);
  return ranking.flatMap(({ rank, player, name, score }) => {
    const isBot = players.some(({ id, bot }) => id === player && bot !== undefined);
    return isBot ? [] : [{ player: { id: player, name }, points: score, won: rank === 1 && !isDraw }];
  });
}

/** What a command does to a game. `state` is undefined while the game does not exist. */
export function decide(state: GameState | undefined, command: Command, { now, player }: Context): Verdict {
  if (command.kind === 'create') return create(player!, command.settings);
  if (!state) return refuse('game_not_found');
  switch (command.kind) {
    case 'join':
      return join(state, player!, now);
    case 'leave':
      return leave(state, player!.id);
    case 'capture':
      return capture(state, player!.id, command.cell, now);
    case 'introduce':
      return introduce(state, player!.id, command.bot);
    case 'deadline':
      return finish(state, now);
  }
}

/** Ends a game early, even before it has begun. */
export const close = (state: GameState): GameEvent[] => [finished(state, 'closed')];

/** The state after the events of a decision, all at the same time. */
export function applyAll(state: GameState | undefined, events: readonly GameEvent[], at: number) {
  return events.reduce<GameState | undefined>((current, event) => applyEvent(current, event, at), state);
}

const seatOf = (state: GameState, player: string) => state.players.findIndex(({ id }) => id === player);

function create(player: PlayerRef, settings: GameSettings): Verdict {
  return {
    events: [
      { kind: 'created', settings },
      { kind: 'joined', player: player.id, name: player.name, seat: 0 },
    ],
  };
}

function join(state: GameState, player: PlayerRef, now: number): Verdict {
  if (seatOf(state, player.id) !== -1) return { events: [] };
  if (state.status === 'completed') return refuse('game_over');
  const seat = state.players.length;
  if (state.status === 'active' || seat >= state.settings.players) return refuse('game_full');
  const joined: GameEvent = { kind: 'joined', player: player.id, name: player.name, seat };
  if (seat + 1 < state.settings.players) return { events: [joined] };
  const endsAt = now + state.settings.seconds * 1000;
  return { events: [joined, { kind: 'started', startedAt: now, endsAt }] };
}

function leave(state: GameState, player: string): Verdict {
  const seat = seatOf(state, player);
  if (seat === -1) return refuse('not_a_player');
  // Once the game runs, a player who leaves keeps the seat and its cells, and may come back.
  return { events: state.status === 'waiting' ? [{ kind: 'left', player, seat }] : [] };
}

function capture(state: GameState, player: string, cell: number, now: number): Verdict {
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

function introduce(state: GameState, player: string, bot: BotStrength): Verdict {
  const seat = seatOf(state, player);
  if (seat === -1) return refuse('not_a_player');
  if (state.status === 'completed') return refuse('game_over');
  if (state.players[seat]!.bot === bot) return { events: [] };
  return { events: [{ kind: 'introduced', player, seat, bot }] };
}

function finish(state: GameState, now: number): Verdict {
  if (state.status === 'waiting') return refuse('game_not_active');
  if (state.status === 'completed' || now < (state.endsAt ?? 0)) return { events: [] };
  return { events: [finished(state, 'time')] };
}

const finished = (state: GameState, reason: FinishReason): GameEvent => ({
  kind: 'finished',
  reason,
  ranking: rank(state.players),
});
