import { FREE, type GameState, toSettings } from '../../protocol/index.ts';
import type { View } from './game-authority.ts';

/** What the scripts give of a whole game: the time, the state as field, value, ..., and the board. */
export type RawView = [now: string, state: string[], cells: string];

/** The snapshot of a game from what Redis keeps of it. */
export function toView(game: string, [now, fields, cells]: RawView): View {
  const state = new Map<string, string>();
  for (let index = 0; index + 1 < fields.length; index += 2) state.set(fields[index]!, fields[index + 1]!);
  return {
    game,
    epoch: state.get('epoch') ?? '',
    seq: Number(state.get('seq')),
    now: Number(now),
    state: toState(state, cells),
  };
}

function toState(fields: Map<string, string>, board: string): GameState {
  const integer = (field: string) => Number(fields.get(field));
  const optional = (field: 'startedAt' | 'endsAt' | 'finishedAt') =>
    fields.has(field) ? { [field]: integer(field) } : {};
  const roster = JSON.parse(fields.get('roster') ?? '[]') as [string, string][];
  const scores = JSON.parse(fields.get('scores') ?? '[]') as number[];
  const reason = fields.get('reason') as GameState['reason'];
  const ranking = fields.get('ranking');
  return {
    settings: toSettings({
      players: integer('players'),
      size: integer('size'),
      seconds: integer('seconds'),
      spectators: fields.get('spectators') === '1',
    }),
    status: fields.get('status') as GameState['status'],
    players: roster.map(([id, name], seat) => ({ id, name: JSON.parse(name) as string, score: scores[seat] ?? 0 })),
    cells: Array.from(board, (holder) => (holder === '.' ? FREE : Number(holder))),
    createdAt: integer('createdAt'),
    ...optional('startedAt'),
    ...optional('endsAt'),
    ...optional('finishedAt'),
    ...(reason === undefined ? {} : { reason }),
    ...(ranking === undefined ? {} : { ranking: JSON.parse(ranking) as NonNullable<GameState['ranking']> }),
  };
}
