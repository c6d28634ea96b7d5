import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientHistory, Violation } from '../kit/history.ts';
import { FAULTS, type Fault } from './faults.ts';
import { longestWait, type Round } from './round.ts';
import { tableOf, tally } from './tally.ts';

const KILL = FAULTS.find(({ name }) => name === 'redis-kill')!;
const FORGET = FAULTS.find(({ persistence }) => persistence === 'everysec')!;

const round = (given: Partial<Round> = {}): Round => ({
  number: 1,
  what: 'Redis was killed',
  acknowledged: { all: 100, during: 10, after: 50 },
  waits: [100, 900],
  epochs: 0,
  vanished: 0,
  violations: [],
  problems: [],
  histories: [],
  ...given,
});
const violation = (fault: Violation['fault']): Violation => ({ fault, player: 'pA', detail: 'at a place' });
const rowOf = (given: Partial<Round>, fault: Fault = KILL) => tally('grid', 'stateless', fault, [round(given)]);

test('rounds without a failure have no fault', () => {
  const row = tally('grid', 'stateful', KILL, [round(), round({ waits: [300] })]);
  assert.deepEqual(
    [row.app, row.design, row.fault, row.rounds, row.acked, row.lost, row.duplicated, row.gaps, row.faults],
    ['grid', 'stateful', 'redis-kill', 2, 200, 0, 0, 0, []],
  );
  assert.deepEqual(row.back, { median: 300, p99: 900, rounds: [300, 900] });
});

test('each kind of violation is counted in its column and makes the run fail', () => {
  const columns = [
    ['lost', 'lost'],
    ['lost tail', 'lost'],
    ['duplicate', 'duplicated'],
    ['applied twice', 'duplicated'],
    ['gap', 'gaps'],
    ['order', 'other'],
    ['state', 'other'],
    ['unasked', 'other'],
    ['rule', 'other'],
  ] as const;
  for (const [fault, column] of columns) {
    const row = rowOf({ violations: [violation(fault)] });
    assert.equal(row[column], 1, fault);
    assert.equal(row.faults.length, 1, fault);
  }
});

test('a round without a move after the fault proves nothing and makes the run fail', () => {
  assert.match(rowOf({ acknowledged: { all: 20, during: 0, after: 0 } }).faults.join(), /nothing is proved/);
});

test('a fault that did not strike makes the run fail', () => {
  assert.match(rowOf({ problems: ['The fault did not strike: it was not there.'] }).faults.join(), /did not strike/);
});

test('where Redis may lose nothing, a new epoch or a lost game makes the run fail', () => {
  assert.equal(rowOf({ epochs: 1 }).faults.length, 1);
  const row = rowOf({ vanished: 3 });
  assert.deepEqual([row.lost, row.faults.length], [3, 1]);
});

test('where Redis may lose the end, a loss that a new epoch announces is not a fault', () => {
  const row = rowOf({ epochs: 2, vanished: 1, violations: [violation('lost tail')] }, FORGET);
  assert.deepEqual([row.lost, row.announced, row.faults], [0, 2, []]);
});

test('where Redis may lose the end, a loss that is not announced makes the run fail, as does any other violation', () => {
  assert.equal(rowOf({}, FORGET).faults.length, 1);
  assert.equal(rowOf({ epochs: 1, violations: [violation('lost')] }, FORGET).faults.length, 1);
});

test('a violation that only the histories of all rounds together show is found', () => {
  const history = (size: number): ClientHistory => ({
    player: 'pA',
    name: 'Ann',
    final: [],
    acknowledged: [],
    open: [],
    observed: [
      {
        kind: 'event',
        game: 'AAAAAA',
        epoch: 'e',
        seq: 1,
        at: 1,
        event: { kind: 'created', settings: { players: 2, size, seconds: 10 } },
      },
    ],
  });
  const rounds = [
    round({ histories: [history(3)] }),
    round({ number: 2, histories: [{ ...history(4), player: 'pB' }] }),
  ];
  assert.equal(tally('grid', 'stateless', KILL, rounds).other, 1);
});

test('the longest wait counts from the strike, and lasts to the end for a player who never moved again', () => {
  assert.equal(longestWait([5, 90, 130, 400, 420], 100, 500), 270);
  assert.equal(longestWait([5, 90], 100, 500), 400);
  assert.equal(longestWait([5, 300], 100, 500), 200);
});

test('the table has a line for each row below its head', () => {
  const lines = tableOf([rowOf({}), rowOf({})]).split('\n');
  assert.equal(lines.length, 4);
  assert.equal(new Set(lines.map(({ length }) => length)).size, 1);
});
