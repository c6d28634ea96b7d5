import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { playMatch } from '../infra/play/match.ts';
import { startCluster } from '../loadtest/kit/cluster.ts';
import { Collector, nanoseconds } from '../services/server/testing/collector.ts';
import { until } from './kit/wait.ts';

test('handshakes and commands are traced from the edge to Redis, and no trace names a player', async (t) => {
  const collector = await Collector.start();
  t.after(() => collector.stop());
  const cluster = await startCluster({ replicas: 2, tracesEndpoint: collector.url, tracesSampleRatio: 1 });
  t.after(() => cluster.stop());
  const { game, acknowledged } = await playMatch({ url: cluster.url, ca: cluster.rootPem });

  const handshakes = await collector.named('handshake', 2);
  const commands = await collector.named('command', acknowledged);
  for (const command of commands.filter(({ attributes }) => attributes['gridlock.duplicate'] === false)) {
    const trace = collector.traceOf(command);
    const steps = trace.filter(({ parentSpanId }) => parentSpanId === command.spanId);
    assert.equal(steps.length, trace.length - 1, 'a step of a command has another parent');
    assert.deepEqual([...new Set(steps.map(({ name }) => name))].sort(), ['append', 'decide', 'deliver']);
    for (const span of trace) assert.ok(nanoseconds(span) > 0n, `${span.name} took no time`);
    assert.ok(
      handshakes.some(({ traceId }) => traceId === command.links[0]?.traceId),
      'it is not linked to a handshake',
    );
  }
  for (const name of ['Ada', 'Grace', game]) assert.ok(!collector.text.includes(name), `a trace contains ${name}`);
});

test("a line of the edge's log has the trace of a handshake", async (t) => {
  const collector = await Collector.start();
  t.after(() => collector.stop());
  const cluster = await startCluster({ replicas: 1, tracesEndpoint: collector.url, tracesSampleRatio: 1 });
  t.after(() => cluster.stop());
  await playMatch({ url: cluster.url, ca: cluster.rootPem });
  const log = () => readFileSync(path.join(cluster.stateDir, 'logs', 'haproxy.log'), 'utf8');
  for (const { traceId, parentSpanId } of await collector.named('handshake', 2)) {
    await until(
      () => log().includes(` 00-${traceId}-${parentSpanId}-01 GET HTTP/1.1 /ws\n`),
      'the edge logs it',
      30_000,
    );
  }
  const [replica] = (await cluster.status()).replicas;
  const metrics = await (await fetch(`http://127.0.0.1:${replica!.internalPort}/metrics`)).text();
  assert.match(metrics, /^gridlock_trace_spans_total\{outcome="exported",replica="1111"\} [1-9]/m);
  assert.match(metrics, /^gridlock_trace_spans_total\{outcome="dropped",replica="1111"\} 0$/m);
});
