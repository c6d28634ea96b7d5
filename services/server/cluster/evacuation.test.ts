import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Evacuation } from './evacuation.ts';
import type { Sheddable } from './shedding.ts';

/** Sockets of which some cannot be moved, because they wait for an answer or were sent away lately. */
function replica(count: number, immovable = 0) {
  let open = Array.from({ length: count }, (_, number) => ({ number }) as unknown as Sheddable);
  const gone: [number, string][] = [];
  const evacuation = new Evacuation<Sheddable>({
    sockets: {
      get size() {
        return open.length;
      },
      all: () => open,
    },
    shedding: {
      choose: (connections, most) => connections.slice(0, Math.min(most, Math.max(0, connections.length - immovable))),
      shed: (connections, why) => {
        gone.push([connections.length, why]);
        open = open.filter((one) => !connections.includes(one));
      },
    },
  });
  return { evacuation, gone, left: () => open.length };
}

test('a tenth is sent away each second, until all of the first sockets are gone', () => {
  const { evacuation, gone, left } = replica(1000);
  assert.equal(evacuation.begin(), 1000);
  for (let second = 0; second < 20; second += 1) evacuation.tick();
  assert.equal(left(), 0);
  assert.deepEqual(gone.slice(0, 10), Array(10).fill([100, 'asked']));
});

test('a few sockets are sent away at once, and none without a request', () => {
  const { evacuation, gone, left } = replica(20);
  evacuation.tick();
  assert.deepEqual([gone.length, left()], [0, 20]);
  evacuation.begin();
  assert.equal(left(), 0);
});

test('it ends when only sockets are left that cannot be moved', () => {
  const { evacuation, gone, left } = replica(60, 5);
  evacuation.begin();
  for (let second = 0; second < 5; second += 1) evacuation.tick();
  assert.equal(left(), 5);
  assert.equal(
    gone.filter(([count]) => count > 0).reduce((sum, [count]) => sum + count, 0),
    55,
  );
});
