import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GameRoutes } from './game-routes.ts';
import type { Member } from './membership.ts';
import { Rebalance, type RebalanceOptions } from './rebalance.ts';
import { type Sheddable, Shedding, type Why } from './shedding.ts';

interface Socket extends Sheddable {
  readonly name: string;
}

const socket = (name: string): Socket => ({
  name,
  player: { id: name },
  isOpen: true,
  isBusy: false,
  send: () => undefined,
  close: () => undefined,
});
const many = (count: number): Socket[] => Array.from({ length: count }, (_, index) => socket(`p${index}`));
const member = (replica: string, sockets: number, more: Partial<Member> = {}): Member => ({
  replica,
  sockets,
  games: 0,
  ready: true,
  draining: false,
  startedAt: 1,
  ...more,
});

/** Replica 1111 with these sockets. A socket that it sends away is gone at once. */
function replica(sockets: Socket[], given: Partial<RebalanceOptions<Socket>> = {}) {
  let now = 0;
  const open = new Set(sockets);
  const shed: [string, Why][] = [];
  const routes = new GameRoutes<Socket>();
  const chooser = new Shedding<Socket>();
  const state = { others: [] as Member[], shed, routes, second: () => undefined as void };
  const rebalance = new Rebalance<Socket>({
    design: 'stateless',
    percentPerSecond: 10,
    random: () => 0,
    membership: {
      get own() {
        return member('1111', open.size);
      },
      get members() {
        return [member('1111', open.size), ...state.others];
      },
    },
    sockets: { all: () => [...open] },
    routes,
    shedding: {
      pending: 0,
      choose: (from, count) => chooser.choose(from, count),
      shed: (chosen, why) => {
        for (const one of chosen) {
          open.delete(one);
          shed.push([one.name, why]);
        }
      },
    },
    now: () => now,
    ...given,
  });
  state.second = () => {
    now += 1000;
    rebalance.tick();
  };
  const seconds = (count: number) => {
    for (let index = 0; index < count; index += 1) state.second();
  };
  return { ...state, state, open, seconds };
}

test('sockets above the mean are shed, at most the configured part in a second', () => {
  const { state, open, seconds, shed } = replica(many(100));
  state.others = [member('2222', 0)];
  seconds(3);
  assert.equal(shed.length, 0, 'nothing is shed before the new replica has been there for a while');
  seconds(1);
  assert.equal(shed.length, 10);
  state.others = [member('2222', 10)];
  seconds(1);
  assert.equal(shed.length, 19);
  for (let second = 0; second < 30; second += 1) {
    state.others = [member('2222', 100 - open.size)];
    seconds(1);
  }
  assert.equal(open.size, 50);
});

test('while sockets come in, none is sent away because of figures that are a second old', () => {
  const { state, open, seconds, shed } = replica(many(100));
  for (let second = 0; second < 10; second += 1) {
    state.others = [member('2222', open.size - 16)];
    for (const one of many(16)) open.add({ ...one, name: `${second} ${one.name}` });
    seconds(1);
  }
  assert.equal(shed.length, 0);
  state.others = [member('2222', open.size - 60)];
  seconds(2);
  assert.ok(shed.length > 0, 'sockets are sent away when that is over and the difference stays');
});

test('a single replica, an unready one, a draining one and a small difference move nothing', () => {
  for (const others of [
    [],
    [member('2222', 0, { ready: false })],
    [member('2222', 0, { draining: true })],
    [member('2222', 95)],
    [member('2222', 200)],
  ]) {
    const { state, seconds, shed } = replica(many(100));
    state.others = others;
    seconds(10);
    assert.equal(shed.length, 0);
  }
});

test('nothing moves while the replicas come and go, nor with a part of 0', () => {
  const { state, seconds, shed } = replica(many(100));
  for (let second = 0; second < 20; second += 1) {
    state.others = [member('2222', 0, { startedAt: second >> 1 })];
    seconds(1);
  }
  assert.equal(shed.length, 0);
  const never = replica(many(100), { percentPerSecond: 0 });
  never.state.others = [member('2222', 0)];
  never.seconds(10);
  assert.deepEqual(never.shed, []);
});

test('stateful: a new replica makes one socket of each game reconnect to find its place, and takes a part of the others', () => {
  const sockets = many(40);
  const { state, seconds, shed, routes } = replica(sockets, { design: 'stateful', random: () => 0 });
  sockets.slice(0, 20).forEach((one, index) => routes.add(one, `GAME${index % 5}`, index));
  state.others = [member('2222', 500)];
  seconds(20);
  assert.equal(shed.length, 0, 'the place of a game does not depend on the number of sockets');
  state.others = [member('2222', 500), member('3333', 0)];
  seconds(30);
  const probes = shed.filter(([, why]) => why === 'probe').map(([name]) => Number(name.slice(1)) % 5);
  assert.deepEqual(probes.sort(), [0, 1, 2, 3, 4]);
  // With these random numbers every socket belongs to the new replica's part.
  assert.equal(shed.filter(([, why]) => why === 'mean').length, 20);
});
