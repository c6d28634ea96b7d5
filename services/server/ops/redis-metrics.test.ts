import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { parseLoad } from '../redis/server-load.ts';
import { RedisMetrics } from './redis-metrics.ts';

const load = (commands: number) =>
  parseLoad(`used_memory:100\r\nmaxmemory:400\r\ntotal_commands_processed:${commands}\r\n`);

test('each node has its series; a counter is what Redis counts, and falls when it starts again', async () => {
  const registry = new Registry();
  const metrics = new RedisMetrics(registry);
  assert.doesNotMatch(await registry.metrics(), /^gridlock_redis_\w+\{/m, 'nothing was heard yet');
  metrics.take([
    { node: 'a:6379', load: load(7), seconds: 0.002 },
    { node: 'b:6379', load: load(9), seconds: 0.001 },
  ]);
  const text = await registry.metrics();
  assert.match(text, /^gridlock_redis_commands_total\{node="a:6379"\} 7$/m);
  assert.match(text, /^gridlock_redis_commands_total\{node="b:6379"\} 9$/m);
  assert.match(text, /^gridlock_redis_memory_limit_bytes\{node="a:6379"\} 400$/m);
  assert.match(text, /^gridlock_redis_round_trip_seconds\{node="a:6379"\} 0.002$/m);
  metrics.take([{ node: 'a:6379', load: load(2), seconds: 0.002 }]);
  const later = await registry.metrics();
  assert.match(later, /^gridlock_redis_commands_total\{node="a:6379"\} 2$/m);
  assert.doesNotMatch(later, /b:6379/, 'a node that is there no more has no series');
});

test('what was not heard of for long is not told', async (t) => {
  const registry = new Registry();
  const metrics = new RedisMetrics(registry);
  metrics.take([{ node: 'a:6379', load: load(7), seconds: 0.002 }]);
  const now = performance.now();
  t.mock.method(performance, 'now', () => now + 60_000);
  assert.doesNotMatch(await registry.metrics(), /a:6379/);
});
