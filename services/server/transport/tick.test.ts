import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Pace, Tick } from './tick.ts';

/** The wait after so many a second for a second. */
function waitAt(perSecond: number, pace = new Pace({ msPerThousand: 10, mostMs: 40 }, 0), from = 0): number {
  for (let count = 1; count <= perSecond; count += 1) pace.count(from + (count * 1000) / perSecond);
  return pace.waitMs;
}

test('while little happens nothing waits', () => {
  assert.equal(new Pace({ msPerThousand: 10, mostMs: 40 }, 0).waitMs, 0);
  assert.equal(waitAt(100), 0);
});

test('the more comes, the longer the wait, up to a bound', () => {
  const [some, more, most] = [waitAt(1000), waitAt(2500), waitAt(50_000)];
  assert.ok(some > 7 && some < 11, String(some));
  assert.ok(more > 20 && more < 26, String(more));
  assert.equal(most, 40);
});

test('after a pause nothing waits again', () => {
  const pace = new Pace({ msPerThousand: 10, mostMs: 40 }, 0);
  waitAt(5000, pace);
  pace.count(20_000);
  assert.equal(pace.waitMs, 0);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const OPTIONS = { msPerThousand: 10, mostMs: 20 };

/** A tick whose rests are written down instead of taken, and a clock that stands until it is told to pass. */
function noted(context: TestContext) {
  let now = 0;
  context.mock.method(performance, 'now', () => now);
  const rests: number[] = [];
  const pass = (ms: number) => (now += ms);
  return { tick: new Tick(OPTIONS, (ms) => rests.push(ms)), rests, pass };
}

/** Has messages sent for a while, until the tick has seen how many there are a second. */
function busy(tick: Tick, pass: (ms: number) => void): void {
  for (let ms = 0; ms < 250; ms += 1) {
    for (let count = 0; count < 20; count += 1) tick.count();
    pass(1);
  }
}

test('commands leave before frames, whichever came first', async (context) => {
  const { tick } = noted(context);
  const done: string[] = [];
  tick.atEnd('frames', () => done.push('frames'));
  tick.atEnd('commands', () => done.push('commands'));
  assert.deepEqual(done, []);
  await turn();
  assert.deepEqual(done, ['commands', 'frames']);
});

test('while little happens there is no rest', async (context) => {
  const { tick, rests } = noted(context);
  for (let turns = 0; turns < 5; turns += 1) {
    tick.count();
    tick.atEnd('frames', () => {});
    await turn();
    await turn();
  }
  assert.deepEqual(rests, []);
});

test('a busy replica rests after a turn in which there was something to do, for what is left of the tick', async (context) => {
  const { tick, rests, pass } = noted(context);
  busy(tick, pass);
  tick.atEnd('frames', () => {});
  await turn();
  // The turn after it is for what libraries still send.
  assert.deepEqual(rests, []);
  pass(3);
  await turn();
  assert.deepEqual(rests, [17]);
});

test('a replica with nothing to do does not beat', async (context) => {
  const { tick, rests, pass } = noted(context);
  busy(tick, pass);
  tick.atEnd('frames', () => {});
  for (let turns = 0; turns < 10; turns += 1) await turn();
  assert.equal(rests.length, 1);
});

test('what is left to do is done before a rest, and after others had a turn', async (context) => {
  const { tick, rests, pass } = noted(context);
  busy(tick, pass);
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

test('a turn that took longer than a tick is not followed by a rest', async (context) => {
  const { tick, rests, pass } = noted(context);
  busy(tick, pass);
  tick.atEnd('commands', () => pass(30));
  for (let turns = 0; turns < 3; turns += 1) await turn();
  assert.deepEqual(rests, []);
});

test('nothing rests while somebody has a task done that takes several turns', async (context) => {
  const { tick, rests, pass } = noted(context);
  busy(tick, pass);
  await tick.awakeFor(async () => {
    tick.atEnd('frames', () => {});
    for (let turns = 0; turns < 4; turns += 1) await turn();
  });
  assert.deepEqual(rests, []);
  await assert.rejects(
    tick.awakeFor(async () => {
      throw new Error('refused');
    }),
    /refused/,
  );
  tick.atEnd('frames', () => {});
  for (let turns = 0; turns < 2; turns += 1) await turn();
  assert.equal(rests.length, 1);
});

test('a rest stops the process for what is left of the tick', async (context) => {
  let now = 0;
  context.mock.method(performance, 'now', () => now);
  const tick = new Tick(OPTIONS);
  busy(tick, (ms) => (now += ms));
  const began = process.hrtime.bigint();
  tick.atEnd('frames', () => {});
  for (let turns = 0; turns < 3; turns += 1) await turn();
  assert.ok(Number(process.hrtime.bigint() - began) / 1e6 >= 15);
});
