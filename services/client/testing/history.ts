import { applyEvent, type GameEvent, type GameState, type GridMessageOf } from '../../apps/grid/grid.ts';

export const GAME = 'ABCDEF';
export const EPOCH = 'e1';
const AT = 1_700_000_000_000;

const captured = (cell: number, score: number): GameEvent => ({
  kind: 'captured',
  player: 'p1',
  seat: 0,
  cell,
  scores: [score, 0],
});

/** A small game: event `seq` is at index `seq - 1`; from 5 on each captures one more cell. */
export const EVENTS: readonly GameEvent[] = [
  { kind: 'created', settings: { players: 2, size: 3, seconds: 30 } },
  { kind: 'joined', player: 'p1', name: 'Ada', seat: 0 },
  { kind: 'joined', player: 'p2', name: 'Bob', seat: 1 },
  { kind: 'started', startedAt: AT, endsAt: AT + 30_000 },
  captured(0, 1),
  captured(1, 2),
  captured(2, 3),
  captured(3, 4),
  captured(4, 5),
];

export function eventMessage(seq: number, epoch = EPOCH): GridMessageOf<'event'> {
  return { type: 'event', game: GAME, epoch, seq, at: AT + seq, event: EVENTS[seq - 1]! };
}

export function eventMessages(from: number, to: number): GridMessageOf<'event'>[] {
  return Array.from({ length: to - from + 1 }, (_, index) => eventMessage(from + index));
}

/** The state after the first `seq` events. */
export function stateAt(seq: number): GameState {
  let state: GameState | undefined;
  for (const [index, event] of EVENTS.slice(0, seq).entries()) state = applyEvent(state, event, AT + index + 1);
  return state!;
}

export function snapshotMessage(seq: number, epoch = EPOCH, recovered?: false): GridMessageOf<'snapshot'> {
  const state = stateAt(seq);
  return { type: 'snapshot', game: GAME, epoch, seq, now: AT, state, ...(recovered === false ? { recovered } : {}) };
}
