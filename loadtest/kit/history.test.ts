import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FREE, type GameEvent, type GameState } from '../../services/apps/grid/grid.ts';
import {
  type ClientHistory,
  type Fault,
  findViolations,
  type Observation,
  type Received,
  wireFaults,
} from './history.ts';

const F = FREE;
const EVENTS: GameEvent[] = [
  { kind: 'created', settings: { players: 2, size: 3, seconds: 10 } },
  { kind: 'joined', player: 'pA', name: 'Ann', seat: 0 },
  { kind: 'joined', player: 'pB', name: 'Ben', seat: 1 },
  { kind: 'started', startedAt: 1, endsAt: 10_001 },
  { kind: 'captured', player: 'pA', seat: 0, cell: 4, scores: [1, 0] },
  { kind: 'captured', player: 'pB', seat: 1, cell: 0, scores: [1, 1] },
  { kind: 'captured', player: 'pA', seat: 0, cell: 8, scores: [2, 1] },
];

const observe = (event: GameEvent, index: number): Observation => ({
  kind: 'event',
  game: 'AAAAAA',
  epoch: 'e',
  seq: index + 1,
  event,
});

const acked = (seq: number, cell: number) => ({ game: 'AAAAAA', epoch: 'e', seq, cell });

/** Two clients that saw the same faultless game; a test plants a fault in the first. */
function histories(plant: (observed: Observation[]) => Observation[] = (observed) => observed): ClientHistory[] {
  return [
    { player: 'pA', observed: plant(EVENTS.map(observe)), acknowledged: [acked(5, 4), acked(7, 8)] },
    { player: 'pB', observed: EVENTS.map(observe), acknowledged: [acked(6, 0)] },
  ];
}

const faultsOf = (all: ClientHistory[]): Fault[] => [...new Set(findViolations(all).map((each) => each.fault))];

test('a faultless history has no violation', () => {
  assert.deepEqual(findViolations(histories()), []);
});

test('a missing event is a gap', () => {
  assert.deepEqual(faultsOf(histories((observed) => observed.toSpliced(5, 1))), ['gap']);
});

test('an event seen twice is a duplicate', () => {
  assert.deepEqual(faultsOf(histories((observed) => observed.toSpliced(6, 0, observed[5]!))), ['duplicate']);
});

test('two clients that saw different events at one place disagree on the order', () => {
  const swapped = histories((observed) => {
    const [a, b] = [observed[4], observed[5]];
    if (a?.kind !== 'event' || b?.kind !== 'event') return assert.fail();
    return observed.with(4, { ...a, event: b.event }).with(5, { ...b, event: a.event });
  });
  assert.ok(faultsOf(swapped).includes('order'));
});

test('an acknowledged capture that nobody saw is lost', () => {
  const all = histories().map((each) => ({ ...each, observed: each.observed.slice(0, 6) }));
  assert.deepEqual(faultsOf(all), ['lost']);
});

test('an acknowledged capture at a place where another event is was lost', () => {
  const [ann, ben] = histories();
  assert.deepEqual(faultsOf([{ ...ann!, acknowledged: [acked(6, 4)] }, ben!]), ['lost']);
});

test('a cell captured twice has two owners', () => {
  const again = observe({ kind: 'captured', player: 'pB', seat: 1, cell: 8, scores: [2, 2] }, 7);
  assert.deepEqual(faultsOf(histories((observed) => [...observed, again])), ['two owners']);
});

test('a capture that is in the history twice was applied twice', () => {
  const again = observe({ kind: 'captured', player: 'pA', seat: 0, cell: 8, scores: [3, 1] }, 7);
  assert.deepEqual(faultsOf(histories((observed) => [...observed, again])), ['applied twice']);
});

test('an acknowledged capture that a later state of its epoch does not have was lost', () => {
  const state = (cells: readonly number[]): GameState => ({
    settings: { players: 2, size: 3, seconds: 10 },
    status: 'active',
    cells: [...cells],
    createdAt: 0,
    players: ['pA', 'pB'].map((id) => ({ id, name: id, score: 0 })),
  });
  const seen = (cells: readonly number[], seq = 7) => [
    ...histories(),
    {
      player: 'pC',
      observed: [{ kind: 'snapshot' as const, game: 'AAAAAA', epoch: 'e', seq, state: state(cells) }],
      acknowledged: [],
    },
  ];
  assert.deepEqual(faultsOf(seen([1, F, F, F, 0, F, F, F, 0])), []);
  assert.deepEqual(faultsOf(seen([1, F, F, F, 0, F, F, F, F])), ['lost']);
  assert.deepEqual(faultsOf(seen([1, F, F, F, 0, F, F, F, F], 6)), []);
});

test('what a socket brought twice, or left out, is reported though the client put it right', () => {
  const received = EVENTS.map((_, index) => ({ kind: 'event' as const, game: 'AAAAAA', epoch: 'e', seq: index + 1 }));
  const over = (brought: typeof received) => faultsOf(histories().map((each) => ({ ...each, received: brought })));
  assert.deepEqual(over(received), []);
  assert.deepEqual(over(received.toSpliced(3, 0, received[2]!)), ['duplicate']);
  assert.deepEqual(over(received.toSpliced(3, 1)), ['gap']);
});

test('scores that are not the cells held are reported', () => {
  const wrong = observe({ kind: 'captured', player: 'pB', seat: 1, cell: 1, scores: [2, 5] }, 7);
  assert.deepEqual(faultsOf(histories((observed) => [...observed, wrong])), ['score']);
});

test('a snapshot after a gap is no gap, and one that goes back in time is a duplicate', () => {
  const state: GameState = {
    settings: { players: 2, size: 3, seconds: 10 },
    status: 'active',
    cells: [1, F, F, F, 0, F, F, F, F],
    createdAt: 0,
    players: ['pA', 'pB'].map((id) => ({ id, name: id, score: 1 })),
  };
  const snapshot = (seq: number): Observation => ({ kind: 'snapshot', game: 'AAAAAA', epoch: 'e', seq, state });
  assert.deepEqual(findViolations(histories((observed) => [observed[0]!, snapshot(6), observed[6]!])), []);
  assert.deepEqual(faultsOf(histories((observed) => [...observed, snapshot(3)])), ['duplicate']);
});

/** After the events the game goes on in another epoch, from a board that has these cells. */
function followedBy(cells: readonly number[]): ClientHistory[] {
  const state: GameState = {
    settings: { players: 2, size: 3, seconds: 10 },
    status: 'active',
    cells: [...cells],
    createdAt: 0,
    players: ['pA', 'pB'].map((id) => ({ id, name: id, score: 0 })),
  };
  const place = { game: 'AAAAAA', epoch: 'f' };
  const event: GameEvent = { kind: 'captured', player: 'pB', seat: 1, cell: 1, scores: [2, 2] };
  return histories().map((each) => ({
    ...each,
    observed: [
      ...each.observed,
      { kind: 'snapshot', ...place, seq: 7, state },
      { kind: 'event', ...place, seq: 8, event },
    ],
  }));
}
test('an epoch that follows goes on from its snapshot', () => {
  assert.deepEqual(findViolations(followedBy([1, F, F, F, 0, F, F, F, 0])), []);
});

test('an acknowledged capture that nobody saw before the next epoch is not lost when that has it', () => {
  const all = followedBy([1, F, F, F, 0, F, F, F, 0]).map(({ observed, ...rest }) => ({
    ...rest,
    observed: observed.toSpliced(6, 1),
  }));
  assert.deepEqual(findViolations(all), []);
});

test('an acknowledged capture of the epoch before, told again in the next, is not lost', () => {
  const all = followedBy([1, F, F, F, 0, F, F, F, 0]).map((each) => ({
    ...each,
    observed: each.observed.toSpliced(6, 1),
    acknowledged: each.acknowledged.map((one) => (one.seq === 7 ? { ...one, epoch: 'f' } : one)),
  }));
  assert.deepEqual(findViolations(all), []);
});

test('an acknowledged capture that the next epoch does not have is a lost tail', () => {
  assert.ok(faultsOf(followedBy([1, F, F, F, 0, F, F, F, F])).includes('lost tail'));
});

const event = (seq: number, epoch = 'e'): Received => ({ kind: 'event', game: 'AAAAAA', epoch, seq });
const snapshot = (seq: number, epoch = 'e'): Received => ({ kind: 'snapshot', game: 'AAAAAA', epoch, seq });
const welcome = (seq?: number): Received => ({
  kind: 'welcome',
  known: seq === undefined ? [] : [{ game: 'AAAAAA', epoch: 'e', seq }],
});
const socketFaultsOf = (...received: Received[]) => wireFaults(received).map(({ fault }) => fault);

test('a socket that goes on from where the client stood has no fault', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4), event(5), welcome(5), event(6)), []);
});

test('an event that came twice over one socket is a duplicate', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4), event(4)), ['duplicate']);
});

test('an event that a resume sends again is a duplicate', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4), welcome(4), event(4)), ['duplicate']);
});

test('an event that a socket leaves out is a gap', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4), event(6)), ['gap']);
});

test('an event that a resume leaves out is a gap', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), welcome(3), event(5)), ['gap']);
});

test('an event of another epoch without the snapshot that announces it is a gap', () => {
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), event(4, 'f')), ['gap']);
  assert.deepEqual(socketFaultsOf(welcome(), snapshot(3), snapshot(3, 'f'), event(4, 'f')), []);
});
