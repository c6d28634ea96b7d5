import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Gathering, untilEven } from './gathering.ts';

test('while little happens nothing waits', () => {
  const gathering = new Gathering();
  assert.equal(gathering.turn(), undefined);
  assert.equal(untilEven(1_700_000_000_003, 0), 0);
});

test('what waits ends its wait at an even time of the clock, whoever waits', () => {
  for (const now of [1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_007]) {
    assert.equal((now + untilEven(now, 8)) % 8, 0);
    // A replica with less to do waits less, and for a time that the others meet too.
    assert.equal((now + untilEven(now, 7.9)) % 4, 0);
    assert.ok(untilEven(now, 7.9) <= 4);
  }
});

test('commands that come while others wait leave with them', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const start = performance.now();
  let at = start;
  const clock = mock.method(performance, 'now', () => at);
  try {
    const gathering = new Gathering({ msPerThousand: 20, mostMs: 16 }, () => 1_700_000_000_005);
    // A thousand a second, until the pace has seen it.
    for (; at < start + 300; at += 1) gathering.turn();
    mock.timers.tick(16);
    const turn = gathering.turn();
    assert.ok(turn);
    assert.equal(gathering.turn(), turn);
    const left: number[] = [];
    void turn.then(() => left.push(1));
    mock.timers.tick(10);
    await Promise.resolve();
    assert.deepEqual(left, []);
    mock.timers.tick(1);
    await turn;
    assert.deepEqual(left, [1]);
    assert.notEqual(gathering.turn(), turn);
  } finally {
    clock.mock.restore();
    mock.timers.reset();
  }
});
