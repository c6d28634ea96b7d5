import * as v from 'valibot';
import type { ChannelRule, Decision, RoomType } from '../../protocol/index.ts';
import { BOARD, Command, Event, KEPT, MOST_PLAYERS, Settings, State, type Stroke } from './types.ts';

export type * from './types.ts';

const KEPT_SECONDS = 30 * 24 * 3600;

const Pointer = v.strictObject({
  x: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(BOARD.width)),
  y: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(BOARD.height)),
});
export type Pointer = v.InferOutput<typeof Pointer>;

/** The players at the board, and the point of each. */
const pointers: ChannelRule<'pointers:{room}', Pointer> = {
  name: 'pointers:{room}',
  data: Pointer,
  subscribe: 'members',
  publish: 'members',
  history: { messages: 1, seconds: 60 },
  presence: true,
};

export type Whiteboard = typeof whiteboard;

/** A board that everybody in the room draws on. It goes on until an operator closes it; its content is bounded. */
export const whiteboard: RoomType<Settings, State, Command, Event, readonly [typeof pointers]> = {
  name: 'whiteboard',
  refusals: { board_empty: 'There is nothing on the board.', no_such_stroke: 'The stroke is not on the board.' },
  settings: Settings,
  command: Command,
  event: Event,
  state: State,
  decide(state, command, { player }): Decision<Event> {
    if (command.kind === 'deadline') return { events: [] };
    const { id, name } = player!;
    const joined = { kind: 'joined', player: { id, name } } as const;
    if (command.kind === 'create') return { events: [{ kind: 'opened', name: command.settings.name }, joined] };
    const { strokes, players, next, closed } = state!;
    if (closed) return command.kind === 'leave' ? { events: [] } : { events: [], refusal: 'game_over' };
    switch (command.kind) {
      case 'join':
        return players.length < MOST_PLAYERS ? { events: [joined] } : { events: [], refusal: 'game_full' };
      case 'leave':
        return { events: [{ kind: 'left', player: id }] };
      case 'draw': {
        const { colour, width, points } = command;
        return { events: [{ kind: 'drawn', stroke: { id: next, player: id, colour, width, points } }] };
      }
      case 'erase': {
        if (!strokes.some((stroke) => stroke.id === command.stroke)) return { events: [], refusal: 'no_such_stroke' };
        return { events: [{ kind: 'erased', player: id, stroke: command.stroke }] };
      }
      case 'clear':
        if (strokes.length === 0) return { events: [], refusal: 'board_empty' };
        return { events: [{ kind: 'cleared', player: id }] };
    }
  },
  evolve(state, event): State {
    if (event.kind === 'opened') return { name: event.name, strokes: [], points: 0, next: 1, players: [] };
    const board = state!;
    switch (event.kind) {
      case 'joined':
        return { ...board, players: [...board.players, event.player] };
      case 'left':
        return { ...board, players: board.players.filter(({ id }) => id !== event.player) };
      case 'drawn':
        return { ...withStrokes(board, bounded([...board.strokes, event.stroke])), next: event.stroke.id + 1 };
      case 'erased':
        return withStrokes(
          board,
          board.strokes.filter(({ id }) => id !== event.stroke),
        );
      case 'cleared':
        return withStrokes(board, []);
      case 'closed':
        return { ...board, closed: true };
    }
  },
  close: () => [{ kind: 'closed' }],
  members: ({ players }) => players,
  deadline: () => undefined,
  isOver: ({ closed }) => closed === true,
  isOpen: ({ players, closed }) => closed !== true && players.length < MOST_PLAYERS,
  isPublic: () => true,
  matching: { key: ({ name }) => name, seats: () => MOST_PLAYERS },
  // People return to a board after a weekend, even if everybody has closed it.
  retention: { idle: KEPT_SECONDS, empty: KEPT_SECONDS },
  channels: [pointers],
};

const pointsOf = (strokes: readonly Stroke[]): number => strokes.reduce((sum, { points }) => sum + points.length, 0);

const withStrokes = (state: State, strokes: Stroke[]): State => ({ ...state, strokes, points: pointsOf(strokes) });

/** The strokes without the oldest ones, if there are more than a board keeps. */
function bounded(strokes: Stroke[]): Stroke[] {
  let from = Math.max(0, strokes.length - KEPT.strokes);
  for (let points = pointsOf(strokes.slice(from)); points > KEPT.points; from += 1) {
    points -= strokes[from]!.points.length;
  }
  return from === 0 ? strokes : strokes.slice(from);
}
