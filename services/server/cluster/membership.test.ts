import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listener } from '../redis/bus.ts';
import { MEMBERSHIP_CHANNEL, Membership, type MembershipOptions, type Standing } from './membership.ts';

const STANDING: Standing = { sockets: 3, games: 1, ready: true, draining: false };

/** A channel that all listeners share, like that of Redis. */
class Air {
  readonly listeners = new Set<Listener>();

  membership(replica: string, options: Partial<MembershipOptions> = {}): Membership {
    let own: Listener | undefined;
    return new Membership({
      replica,
      standing: () => STANDING,
      everyMs: 60_000,
      redis: {
        spublish: async (_channel: unknown, payload: unknown) => {
          for (const listener of this.listeners) listener.message(String(payload));
          return this.listeners.size;
        },
      } as MembershipOptions['redis'],
      bus: {
        listen: (channel, listener) => {
          assert.equal(channel, MEMBERSHIP_CHANNEL);
          own = listener;
          this.listeners.add(listener);
        },
        unlisten: () => void this.listeners.delete(own!),
      },
      ...options,
    });
  }
}

test('a replica knows all replicas that announced themselves, and itself, by name', () => {
  const air = new Air();
  const [second, first] = [air.membership('2222'), air.membership('1111', { stats: () => ({ version: '7' }) })];
  first.announce();
  assert.deepEqual(
    second.members.map(({ replica, sockets, version }) => [replica, sockets, version]),
    [
      ['1111', 3, '7'],
      ['2222', 3, undefined],
    ],
  );
  for (const membership of [first, second]) membership.stop();
});

test('a replica that falls silent is forgotten', async () => {
  const air = new Air();
  const [first, second] = [air.membership('1111'), air.membership('2222', { forgetMs: 0 })];
  first.announce();
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert.deepEqual(
    second.members.map(({ replica }) => replica),
    ['2222'],
  );
  for (const membership of [first, second]) membership.stop();
});

test('a late announcement of a replaced process does not hide the new one', (context) => {
  const air = new Air();
  let now = 1_800_000_000_000;
  context.mock.method(Date, 'now', () => now);
  const old = air.membership('1111', { standing: () => ({ ...STANDING, sockets: 99 }) });
  now += 1;
  const [young, other] = [air.membership('1111'), air.membership('2222')];
  young.announce();
  old.announce();
  assert.equal(other.members.find(({ replica }) => replica === '1111')?.sockets, 3);
  for (const membership of [old, young, other]) membership.stop();
});
