// One Redis becomes three, and three become one, with the files and scripts of a cluster: acknowledged writes stay.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Redis } from 'ioredis';
import { until } from '../../../tests/kit/wait.ts';
import { type RedisPod, type RedisSet, redisSet } from './testing/redis-pods.ts';
import { everyReady, everySettled, field, primaryOf } from './testing/redis-questions.ts';

const LONG = 120_000;
let set: RedisSet;
let pods: [RedisPod, RedisPod, RedisPod];
let clients: Redis[];

/** Writes numbered keys one after the other to the current primary, until it is stopped. */
class Writer {
  readonly acknowledged: string[] = [];
  #going = true;
  readonly #done: Promise<void>;

  constructor(prefix: string) {
    this.#done = this.#write(prefix);
  }

  async #write(prefix: string): Promise<void> {
    for (let number = 0; this.#going; number += 1) {
      const key = `gridlock:${prefix}:${number}`;
      // A paused primary no longer answers: its socket closes when it ends.
      const answers = clients.map((client) => client.set(key, '1').then(() => true));
      const taken = await Promise.any(answers).catch(() => false);
      if (taken) this.acknowledged.push(key);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  more(count: number): Promise<void> {
    const least = this.acknowledged.length + count;
    return until(() => this.acknowledged.length >= least, `${count} more writes are acknowledged`, LONG);
  }

  async stop(): Promise<string[]> {
    this.#going = false;
    await this.#done;
    return this.acknowledged;
  }
}

async function missing(pod: RedisPod, keys: readonly string[]): Promise<string[]> {
  const client = clients[pods.indexOf(pod)] as Redis;
  const values = await Promise.all(keys.map((key) => client.get(key)));
  return keys.filter((_, index) => values[index] !== '1');
}

const dataOf = (pod: RedisPod) => path.join(pod.paths.data, 'appendonlydir');

/** Like the kubelet: the sentinel answers before Redis starts. */
async function startMember(pod: RedisPod): Promise<void> {
  for (const script of ['start-sentinel', 'keeper']) pod.start(script);
  await until(async () => (await pod.run('probe', 'sentinel')).code === 0, `${pod.name}'s sentinel answers`, LONG);
  pod.start('start-redis');
}

/** Like the kubelet: first the hooks before the stop, then the containers in order. */
async function stopMember(pod: RedisPod): Promise<void> {
  assert.equal((await pod.run('hand-over')).code, 0);
  await pod.stop('SIGTERM', 'start-redis');
  await pod.stop();
}

before(async () => {
  set = await redisSet();
  pods = set.pods as unknown as typeof pods;
  clients = pods.map((pod) => pod.connect('gridlock', 'redis', { enableOfflineQueue: false }));
});

after(async () => {
  for (const client of clients ?? []) client.disconnect();
  await set?.stop();
});

test('one Redis becomes the first of three without losing an acknowledged write', async (t) => {
  const [first, ...others] = pods;
  first.become('single');
  for (const script of ['keeper', 'start-single']) first.start(script);
  const writer = new Writer('one');
  t.after(() => writer.stop());
  await writer.more(50);
  await Promise.all(others.map(startMember));
  await until(async () => (await field(first, 'replication', 'connected_slaves')) === '2', 'both follow it', LONG);
  await writer.more(50);
  await first.stop('SIGTERM', 'start-single');
  await first.stop();
  first.become('sentinel');
  await startMember(first);
  await everyReady(set, LONG);
  await everySettled(set, LONG);
  await writer.more(50);
  const keys = await writer.stop();
  assert.deepEqual(await missing(await primaryOf(set, LONG), keys), []);
});

test('three become one without losing an acknowledged write, whichever is the primary', async (t) => {
  if ((await primaryOf(set, LONG)) === pods[0]) {
    await stopMember(pods[0]);
    await startMember(pods[0]);
    await everyReady(set, LONG);
    await everySettled(set, LONG);
  }
  assert.notEqual((await primaryOf(set, LONG)).name, pods[0].name);
  const writer = new Writer('three');
  t.after(() => writer.stop());
  await writer.more(50);
  await Promise.all(pods.map(stopMember));
  pods[0].become('single');
  for (const script of ['keeper', 'start-single']) pods[0].start(script);
  await writer.more(50);
  const keys = await writer.stop();
  assert.deepEqual(await missing(pods[0], keys), []);
});

test('when one becomes three again, they copy its data and ignore leftovers on their volumes', async (t) => {
  const [first, ...others] = pods;
  assert.ok(others.every((pod) => existsSync(dataOf(pod))));
  await clients[0]!.del('gridlock:one:0');
  const writer = new Writer('again');
  t.after(() => writer.stop());
  for (const pod of others) pod.become('sentinel', 'second');
  await Promise.all(others.map(startMember));
  await until(async () => (await field(first, 'replication', 'connected_slaves')) === '2', 'both follow it', LONG);
  await first.stop('SIGTERM', 'start-single');
  await first.stop();
  first.become('sentinel', 'second');
  await startMember(first);
  await everyReady(set, LONG);
  await writer.more(20);
  const keys = await writer.stop();
  const primary = await primaryOf(set, LONG);
  assert.deepEqual(await missing(primary, keys), []);
  assert.deepEqual(await missing(primary, ['gridlock:one:0']), ['gridlock:one:0']);
});
