import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import { Heartbeat } from './heartbeat.ts';

const INTERVAL_MS = 1000;

/** A heartbeat by a clock that only the test moves. The first ping is due after half an interval. */
function watched(t: TestContext) {
  let now = 0;
  mock.timers.enable({ apis: ['setTimeout'] });
  const clock = mock.method(performance, 'now', () => now);
  const seen: string[] = [];
  const heartbeat = new Heartbeat(
    INTERVAL_MS,
    { ping: () => seen.push(`ping ${now}`), dead: () => seen.push(`dead ${now}`) },
    () => 0.5,
  );
  t.after(() => {
    heartbeat.stop();
    clock.mock.restore();
    mock.timers.reset();
  });
  return {
    heartbeat,
    seen,
    pass: (ms: number) => {
      for (let step = 0; step < ms; step += 10) {
        now += 10;
        mock.timers.tick(10);
      }
    },
    /** Time goes on, and no timer with it. */
    stand: (ms: number) => void (now += ms),
  };
}

test('a peer is pinged every interval, and given up after two intervals of silence', (t) => {
  const { heartbeat, seen, pass } = watched(t);
  pass(1000);
  heartbeat.heard();
  pass(2500);
  assert.deepEqual(seen, ['ping 500', 'ping 1500', 'ping 2500', 'dead 3000']);
});

test('after a pause of the process a peer is pinged once more, and given up an interval later', (t) => {
  const { seen, pass, stand } = watched(t);
  pass(600);
  stand(10_000);
  pass(2000);
  assert.deepEqual(seen, ['ping 500', 'ping 11500', 'dead 12500']);
});

test('a peer that answers after a pause of the process stays', (t) => {
  const { heartbeat, seen, pass, stand } = watched(t);
  stand(10_000);
  pass(600);
  for (let beat = 0; beat < 5; beat += 1) {
    heartbeat.heard();
    pass(1500);
  }
  assert.equal(seen.filter((what) => what.startsWith('dead')).length, 0, seen.join());
});
