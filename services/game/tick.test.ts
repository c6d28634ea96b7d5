import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tick } from './tick.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const OPTIONS = { msPerThousand: 10, mostMs: 20 };

/** A tick whose rests are written down instead of taken. */
function noted() {
  const rests: number[] = [];
  return { tick: new Tick(OPTIONS, (ms) => rests.push(ms)), rests };
}

/** Has messages sent for a while, until the tick has seen how many there are a second. */
async function busy(tick: Tick): Promise<void> {
  const from = performance.now();
  while (performance.now() - from < 250) {
    for (let count = 0; count < 20; count += 1) tick.count();
    await turn();
  }
}

test('commands leave before frames, whichever came first', async () => {
  const { tick } = noted();
  const done: string[] = [];
  tick.atEnd('frames', () => done.push('frames'));
  tick.atEnd('commands', () => done.push('commands'));
  assert.deepEqual(done, []);
  await turn();
  assert.deepEqual(done, ['commands', 'frames']);
});

test('while little happens there is no rest', async () => {
  const { tick, rests } = noted();
  for (let turns = 0; turns < 5; turns += 1) {
    tick.count();
    tick.atEnd('frames', () => {});
    await turn();
    await turn();
  }
  assert.deepEqual(rests, []);
});

test('a busy replica rests after a turn in which there was something to do, for what is left of the tick', async () => {
  const { tick, rests } = noted();
  await busy(tick);
  tick.atEnd('frames', () => {});
  const began = performance.now();
  await turn();
  // The turn after it is for what libraries still send.
  assert.deepEqual(rests, []);
  await turn();
  assert.equal(rests.length, 1);
  assert.ok(rests[0]! <= 20 && rests[0]! >= 20 - (performance.now() - began), String(rests[0]));
});

test('a replica with nothing to do does not beat', async () => {
  const { tick, rests } = noted();
  await busy(tick);
  tick.atEnd('frames', () => {});
  for (let turns = 0; turns < 10; turns += 1) await turn();
  assert.equal(rests.length, 1);
});

test('what is left to do is done before a rest, and after others had a turn', async () => {
  const { tick, rests } = noted();
  await busy(tick);
  let left = 3;
  const some = () => {
    left -= 1;
    if (left > 0) tick.atEnd('frames', some);
  };
  tick.atEnd('frames', some);
  await turn();
  assert.equal(left, 2);
  for (let turns = 0; turns < 2; turns += 1) await turn();
  assert.deepEqual([left, rests], [0, []]);
  for (let turns = 0; turns < 2; turns += 1) await turn();
  assert.equal(rests.length, 1);
});

test('a turn that took longer than a tick is not followed by a rest', async () => {
  const { tick, rests } = noted();
  await busy(tick);
  tick.atEnd('commands', () => {
    for (const until = performance.now() + 30; performance.now() < until;);
  });
  for (let turns = 0; turns < 3; turns += 1) await turn();
  assert.deepEqual(rests, []);
});

test('nothing rests while somebody has a task done that takes several turns', async () => {
  const { tick, rests } = noted();
  await busy(tick);
  await tick.awakeFor(async () => {
    tick.atEnd('frames', () => {});
    for (let turns = 0; turns < 4; turns += 1) await turn();
  });
  assert.deepEqual(rests, []);
  await assert.rejects(tick.awakeFor(async () => {
    throw new Error('refused');
  }), /refused/);
  tick.atEnd('frames', () => {});
  for (let turns = 0; turns < 2; turns += 1) await turn();
  assert.equal(rests.length, 1);
});

test('a rest stops the process for what is left of the tick', async () => {
  const tick = new Tick(OPTIONS);
  await busy(tick);
  const began = performance.now();
  tick.atEnd('frames', () => {});
  for (let turns = 0; turns < 3; turns += 1) await turn();
  assert.ok(performance.now() - began >= 15);
});
