import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { Refusal } from '../authority/game-authority.ts';
import { createLogger } from '../ops/log.ts';
import { GameClock, StoreClock } from './clock.ts';

const MINUTE_MS = 60_000;

/** A machine whose clock can be set, and a store whose clock is right. */
function machine(t: TestContext) {
  const at = { store: 1_000_000_000_000, local: 1_000_000_000_000 };
  t.mock.method(Date, 'now', () => at.local);
  const clock = new StoreClock();
  return {
    clock,
    at,
    /** A second later the store is asked. Its answer takes this long, half of it each way. */
    ask: (tookMs: number) => {
      at.store += 1000 + tookMs;
      at.local += 1000 + tookMs;
      clock.observe(at.store - tookMs / 2, at.local - tookMs, at.local);
    },
    wrongBy: () => Math.abs(clock.now() - at.store),
  };
}

test('the next answer corrects for a clock that was set, even if an earlier answer was quicker', (t) => {
  const { at, ask, wrongBy } = machine(t);
  ask(0);
  assert.equal(wrongBy(), 0);
  for (const step of [-MINUTE_MS, 3 * MINUTE_MS]) {
    at.local += step;
    ask(6);
    assert.ok(wrongBy() <= 5, `wrong by ${wrongBy()} ms`);
  }
});

test('the next answers correct for a clock that is set back while the store is asked', (t) => {
  const { clock, at, ask, wrongBy } = machine(t);
  ask(2);
  const sentAt = at.local;
  at.local -= MINUTE_MS;
  clock.observe(at.store, sentAt, at.local);
  ask(2);
  assert.ok(wrongBy() <= 3, `wrong by ${wrongBy()} ms`);
});

test('a slow answer does not move a clock that it does not refute', (t) => {
  const { clock, at, ask, wrongBy } = machine(t);
  ask(0);
  // The store's time was read at the very beginning of the slow request.
  at.store += 500;
  at.local += 500;
  clock.observe(at.store - 400, at.local - 400, at.local);
  assert.equal(wrongBy(), 0);
});

test('a game whose start was lost is not ended again and again', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let asked = 0;
  const finish = async () => {
    asked += 1;
    throw new Refusal('game_not_active');
  };
  const clock = new GameClock(() => 0, finish, createLogger('silent', '1111'));
  try {
    clock.arm('K7QWPM', 0);
    for (let second = 0; second < 20; second += 1) {
      mock.timers.tick(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(asked, 1);
  } finally {
    clock.stop();
    mock.timers.reset();
  }
});

test('a game that was armed by a wrong clock ends soon after it is set right', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const at = { store: 0, wrongBy: -10 * MINUTE_MS };
  const ended: number[] = [];
  const finish = async () => {
    ended.push(at.store);
    return 0;
  };
  const clock = new GameClock(() => at.store + at.wrongBy, finish, createLogger('silent', '1111'));
  t.after(() => clock.stop());
  clock.arm('K7QWPM', 30_000);
  for (let second = 1; second <= 60; second += 1) {
    at.store += 1000;
    if (second === 2) at.wrongBy = 0;
    t.mock.timers.tick(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(ended, [30_000]);
});

test('a clock that was stopped arms no game any more', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let finished = 0;
  const clock = new GameClock(
    () => 0,
    async () => (finished += 1),
    createLogger('silent', '1111'),
  );
  clock.stop();
  clock.arm('ABCDEF', 10);
  context.mock.timers.tick(1000);
  assert.equal(finished, 0);
});
