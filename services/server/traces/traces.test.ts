import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../../../tests/kit/wait.ts';
import { FREE } from '../../apps/grid/grid.ts';
import type { Config } from '../config.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { ClientAddress } from '../session/client-address.ts';
import { guest, TestClient } from '../testing/client.ts';
import { type CollectedSpan, Collector } from '../testing/collector.ts';
import { GRID, ok, requestOf, startedRoom } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';
import { OtlpTraces } from './otlp-traces.ts';
import type { TraceSettings } from './trace-settings.ts';

const OUTSIDE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = (flags: '00' | '01') => `00-${OUTSIDE.traceId}-${OUTSIDE.spanId}-${flags}`;

let redis: TestRedis;
let count = 8300;
before(async () => {
  redis = await startRedis();
});
after(() => redis?.stop());

const tracesTo = ({ url }: Collector, sampleRatio = 1): TraceSettings => ({
  url: `${url}/v1/traces`,
  sampleRatio,
  serviceName: 'gridlock',
  attributes: { team: 'games' },
});

/** Runs a test with a collector and replicas that send to it. */
async function traced(
  given: { replicas?: number; sampleRatio?: number } & Partial<Config>,
  work: (collector: Collector, urls: [string, string]) => Promise<void>,
): Promise<void> {
  const { replicas: many = 1, sampleRatio = 1, ...config } = given;
  const collector = await Collector.start();
  const replicas: Replica[] = [];
  try {
    for (let index = 0; index < many; index += 1) {
      const traces = tracesTo(collector, sampleRatio);
      replicas.push(await startTestReplica(redis.url, String((count += 1)), { ...config, traces }));
    }
    await work(collector, [replicas[0]!.url, replicas.at(-1)!.url]);
  } finally {
    await Promise.all(replicas.map((replica) => replica.drain()));
    collector.stop();
  }
}

const byName = (spans: readonly CollectedSpan[], name: string): CollectedSpan => {
  const found = spans.filter((span) => span.name === name);
  assert.equal(found.length, 1, `${found.length} spans "${name}"`);
  return found[0]!;
};

test('a handshake continues the trace that the edge began, and its steps are children', async () => {
  await traced({}, async (collector, [url]) => {
    const { token } = await guest(url);
    const client = new TestClient(url, token, {
      headers: { authorization: `Bearer ${token}`, traceparent: traceparent('01') },
    });
    await client.next('welcome');
    const [handshake] = (await collector.named('handshake')) as [CollectedSpan];
    assert.deepEqual([handshake.traceId, handshake.parentSpanId], [OUTSIDE.traceId, OUTSIDE.spanId]);
    assert.deepEqual(handshake.attributes, { 'gridlock.transport': 'websocket', 'http.response.status_code': 101 });
    for (const step of ['identify', 'fence']) {
      assert.equal(byName(collector.traceOf(handshake), step).parentSpanId, handshake.spanId);
    }
    client.close();
  });
});

test('a handshake that the edge did not sample is not traced, and neither are its steps', async () => {
  await traced({}, async (collector, [url]) => {
    for (const flags of ['00', '01'] as const) {
      const { token } = await guest(url);
      const headers = { authorization: `Bearer ${token}`, traceparent: traceparent(flags) };
      const client = new TestClient(url, token, { headers });
      await client.next('welcome');
      client.close();
    }
    await collector.named('handshake');
    assert.equal(collector.spans.length, 3);
  });
});

test('a trace context from a client is not continued', async () => {
  await traced({ clientAddress: new ClientAddress(['192.0.2.0/24']) }, async (collector, [url]) => {
    const { token } = await guest(url);
    const headers = { authorization: `Bearer ${token}`, traceparent: traceparent('01') };
    const client = new TestClient(url, token, { headers });
    await client.next('welcome');
    const [handshake] = (await collector.named('handshake')) as [CollectedSpan];
    assert.notEqual(handshake.traceId, OUTSIDE.traceId);
    assert.equal(handshake.parentSpanId, undefined);
    client.close();
  });
});

test('the trace of a refused handshake has the reason', async () => {
  await traced({}, async (collector, [url]) => {
    await new TestClient(url, 'no token').closed();
    const [{ attributes }] = (await collector.named('handshake')) as [CollectedSpan];
    const refused = { 'http.response.status_code': 401, 'gridlock.refused': 'token' };
    assert.deepEqual(attributes, { 'gridlock.transport': 'websocket', ...refused });
  });
});

test('a command has its own trace, linked to the handshake: decide, append, deliver', async () => {
  await traced({}, async (collector, urls) => {
    const { ada, game } = await startedRoom(GRID, urls);
    ok(await ada.request(requestOf(GRID, game, FREE + 1)));
    const [command] = (await collector.named('command')) as [CollectedSpan];
    const trace = collector.traceOf(command);
    assert.deepEqual(trace.map(({ name }) => name).sort(), ['append', 'command', 'decide', 'deliver']);
    assert.equal(command.parentSpanId, undefined);
    assert.deepEqual(command.attributes, { 'gridlock.duplicate': false });
    for (const step of ['decide', 'append', 'deliver']) assert.equal(byName(trace, step).parentSpanId, command.spanId);
    assert.deepEqual(byName(trace, 'append').attributes, { 'db.system.name': 'redis', 'gridlock.outcome': 'ok' });
    const handshakes = await collector.named('handshake', 2);
    const linked = command.links.map(({ traceId, spanId }) => `${traceId} ${spanId}`);
    assert.equal(linked.length, 1);
    assert.ok(
      handshakes.some(({ traceId, spanId }) => linked[0] === `${traceId} ${spanId}`),
      'it is not linked to a handshake',
    );
    const { resource } = command;
    assert.deepEqual(
      [resource['service.name'], resource['service.instance.id'], resource['team']],
      ['gridlock', String(count), 'games'],
    );
  });
});

test('the trace of a refused command has the reason', async () => {
  await traced({}, async (collector, urls) => {
    const { ada, game } = await startedRoom(GRID, urls);
    ok(await ada.request(requestOf(GRID, game, 0)));
    const answer = await ada.request(requestOf(GRID, game, 0));
    assert.equal(answer.type, 'error');
    const commands = await collector.named('command', 2);
    assert.deepEqual(
      commands.map(({ attributes }) => attributes['gridlock.refused']),
      [undefined, answer.type === 'error' ? answer.code : ''],
    );
  });
});

test('commands are sampled by the ratio', async () => {
  await traced({ sampleRatio: 0 }, async (collector, urls) => {
    const { ada, game } = await startedRoom(GRID, urls);
    for (let cell = 0; cell < 8; cell += 1) ok(await ada.request(requestOf(GRID, game, cell)));
    assert.equal(collector.requests, 0);
  });
});

test('a command that another replica decides is one trace across both', async () => {
  await traced({ replicas: 2, design: 'stateful' }, async (collector, urls) => {
    const { ada, bob, game } = await startedRoom(GRID, urls);
    ok(await ada.request(requestOf(GRID, game, 0)));
    ok(await bob.request(requestOf(GRID, game, 1)));
    const [passedOn] = (await collector.named('passed on')) as [CollectedSpan];
    await until(() => collector.traceOf(passedOn).some(({ name }) => name === 'command'), 'both replicas sent theirs');
    const trace = collector.traceOf(passedOn);
    const [command, forward] = [byName(trace, 'command'), byName(trace, 'forward')];
    assert.deepEqual([forward.parentSpanId, passedOn.parentSpanId], [command.spanId, forward.spanId]);
    assert.notEqual(command.resource['service.instance.id'], passedOn.resource['service.instance.id']);
    for (const step of ['decide', 'append']) assert.equal(byName(trace, step).parentSpanId, passedOn.spanId);
  });
});

test('the remaining spans are sent before the replica ends', async () => {
  const collector = await Collector.start();
  const replica = await startTestReplica(redis.url, String((count += 1)), { traces: tracesTo(collector) });
  const client = await TestClient.connect(replica.url);
  const drained = replica.drain();
  await client.closed();
  await drained;
  assert.deepEqual(collector.spans.map(({ name }) => name).sort(), ['fence', 'handshake', 'identify']);
  collector.stop();
});

/** No limit delays the moves. */
const UNLIMITED = {
  ...DEFAULT_LIMITS,
  perPlayer: { ...DEFAULT_LIMITS.perPlayer, messagesPerSecond: 1_000_000, bytesPerSecond: 1_000_000_000 },
};

test('a hanging collector delays no move', async (t) => {
  const collector = await Collector.start({ hangs: true });
  t.after(() => collector.stop());
  const start = (given: Partial<Config>) =>
    startTestReplica(redis.url, String((count += 1)), { limits: UNLIMITED, ...given });
  const replicas = await Promise.all([start({}), start({ traces: tracesTo(collector) })]);
  t.after(() => Promise.all(replicas.map((replica) => replica.drain())));
  const rooms = await Promise.all(replicas.map(({ url }) => startedRoom(GRID, [url, url])));
  const times: [number[], number[]] = [[], []];
  for (let move = 0; move < 200; move += 1) {
    for (const [index, { ada, game }] of rooms.entries()) {
      const from = performance.now();
      ok(await ada.request(requestOf(GRID, game, move)));
      times[index]!.push(performance.now() - from);
    }
  }
  assert.ok(collector.requests > 0, 'nothing was sent');
  const [without, withTraces] = times.map((each) => each.sort((a, b) => a - b)[each.length / 2]!) as [number, number];
  assert.ok(withTraces < 2 * without, `${withTraces.toFixed(2)} ms, and ${without.toFixed(2)} ms without traces`);
});

test('a hanging collector delays the end of a replica by little more than a second', async (t) => {
  const collector = await Collector.start({ hangs: true });
  t.after(() => collector.stop());
  const traces = new OtlpTraces({ settings: tracesTo(collector), replica: 'test', count: () => undefined });
  traces.handshake('websocket', undefined).end();
  const from = performance.now();
  await traces.stop();
  assert.equal(collector.requests, 1);
  // The exporter's own timeout is five seconds.
  assert.ok(performance.now() - from < 4000, 'it waited for the collector');
});
