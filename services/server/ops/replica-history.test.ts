import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../cluster/membership.ts';
import { ReplicaHistory } from './replica-history.ts';

const START = 1_800_000_000_000;

/** A cluster that is looked at once a second, of which some say something each time. */
class Watched {
  readonly history = new ReplicaHistory();
  readonly #members = new Map<string, Member>();
  now = START;

  says(replica: string, change: Partial<Member> = {}, beats = 1): void {
    const before = this.#members.get(replica);
    const beat = Number(before?.['beat'] ?? 0) + beats;
    const member = {
      sockets: 1,
      games: 0,
      ready: true,
      draining: false,
      startedAt: START,
      events: 5,
      moves: 1,
      p99: 2,
      memory: 1,
      ...before,
      ...change,
      replica,
      beat,
    };
    this.#members.set(replica, member as Member);
  }

  forgets(replica: string): void {
    this.#members.delete(replica);
  }

  seconds(count: number, speaking: string[], canHear = true) {
    const lost = [];
    for (let second = 0; second < count; second += 1) {
      for (const replica of speaking) this.says(replica);
      this.now += 1000;
      lost.push(...this.history.take([...this.#members.values()], this.now, canHear));
    }
    return lost;
  }

  stateOf(replica: string) {
    return this.history.replicas.find((one) => one.replica === replica)?.state;
  }
}

test('a replica that speaks has its figures and one sample a second', () => {
  const watched = new Watched();
  watched.says('b', { sockets: 7 });
  watched.seconds(3, ['a', 'b']);
  const [a, b] = watched.history.replicas;
  assert.deepEqual([a?.replica, b?.replica, b?.sockets, b?.p99, b?.state], ['a', 'b', 7, 2, 'ready']);
  assert.equal(watched.history.samples['a']?.length, 3);
});

test('a silent replica is stale after three seconds, and gone and lost once after six', () => {
  const watched = new Watched();
  watched.seconds(3, ['a', 'b']);
  assert.deepEqual(watched.seconds(3, ['a']), []);
  assert.equal(watched.stateOf('b'), 'stale');
  assert.deepEqual(watched.seconds(3, ['a']), [{ replica: 'b', startedAt: START, isBack: false }]);
  assert.equal(watched.stateOf('b'), 'gone');
  watched.forgets('b');
  assert.deepEqual(watched.seconds(10, ['a']), []);
});

test('a replica that drained and ended has left, and is not lost', () => {
  const watched = new Watched();
  watched.seconds(3, ['a', 'b']);
  watched.says('b', { draining: true, ready: false }, 0);
  watched.seconds(1, ['a']);
  assert.equal(watched.stateOf('b'), 'draining');
  watched.forgets('b');
  assert.deepEqual(watched.seconds(10, ['a']), []);
  assert.equal(watched.stateOf('b'), 'left');
});

test('a replica that returns as another process was lost, unless it had drained', () => {
  const watched = new Watched();
  watched.seconds(2, ['a', 'b', 'c']);
  watched.says('c', { draining: true });
  watched.seconds(1, ['a']);
  watched.says('b', { startedAt: START + 2000 });
  watched.says('c', { startedAt: START + 2000, draining: false });
  assert.deepEqual(watched.seconds(1, ['a']), [{ replica: 'b', startedAt: START, isBack: true }]);
  assert.deepEqual([watched.stateOf('b'), watched.stateOf('c')], ['ready', 'ready']);
});

test('a replica that receives nothing does not count others as gone, and waits again once it receives', () => {
  const watched = new Watched();
  watched.seconds(3, ['a', 'b']);
  assert.deepEqual(watched.seconds(30, ['a'], false), []);
  assert.equal(watched.stateOf('b'), 'stale');
  assert.deepEqual(watched.seconds(4, ['a']), []);
  assert.equal(watched.seconds(3, ['a']).length, 1);
});

test('a replica that was paused itself does not count others as gone', () => {
  const watched = new Watched();
  watched.seconds(3, ['a', 'b']);
  watched.now += 60_000;
  assert.deepEqual(watched.seconds(4, ['a']), []);
  assert.deepEqual(watched.seconds(2, ['a', 'b']), []);
  assert.equal(watched.stateOf('b'), 'ready');
});

test('nothing is kept for longer than five minutes, and a replica no longer than its samples', () => {
  const watched = new Watched();
  watched.seconds(2, ['a', 'b']);
  watched.forgets('b');
  watched.seconds(400, ['a']);
  assert.equal(watched.history.samples['a']?.length, 300);
  assert.deepEqual(
    watched.history.replicas.map(({ replica }) => replica),
    ['a'],
  );
});
