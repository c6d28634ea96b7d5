import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { waitFor } from '../local/wait.ts';
import { withEdge } from './edge-testing.ts';
import { type Edge, startEdge } from './testing.ts';

const CLIENTS = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=x',
  baggage: 'player=ada',
};
const TRACEPARENT = /^00-[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}-[0-9a-f]{16}-0([01])$/;

const tracing = (tracesSampleRatio: number) => ({ tracesEndpoint: 'http://127.0.0.1:4318', tracesSampleRatio });

let edge: Edge;
before(async () => {
  edge = await startEdge(tracing(1));
});
after(() => edge.close());

async function seen(asked: Edge, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  const { status, body } = await asked.https({ path: '/traced', headers });
  assert.equal(status, 200);
  return (JSON.parse(body) as { headers: Record<string, string> }).headers;
}

test('every request gets its own trace context', async () => {
  const contexts = await Promise.all(Array.from({ length: 20 }, () => seen(edge).then((got) => got['traceparent']!)));
  for (const context of contexts) assert.match(context, TRACEPARENT);
  const ids = contexts.flatMap((context) => context.split('-').slice(1, 3));
  assert.equal(new Set(ids).size, 40);
});

test('the edge replaces the trace headers of a client', async () => {
  const { traceparent, tracestate, baggage } = await seen(edge, CLIENTS);
  assert.match(traceparent!, TRACEPARENT);
  assert.notEqual(traceparent, CLIENTS.traceparent);
  assert.deepEqual([tracestate, baggage], [undefined, undefined]);
});

test('a log line has the context that the replica got, and that of a refused request has none', async () => {
  const { traceparent } = await seen(edge);
  assert.equal((await edge.https({ path: '/metrics' })).status, 404);
  const logged = async () => (/ \/metrics$/m.test(edge.log()) && edge.log().includes(traceparent!)) || undefined;
  await waitFor(logged, { what: 'both log lines', timeoutMs: 30_000 });
  assert.match(edge.log(), new RegExp(` ${traceparent} GET HTTP/1\\.1 /traced$`, 'm'));
  assert.match(edge.log(), / - GET HTTP\/1\.1 \/metrics$/m);
});

for (const [ratio, flag] of [
  [1, '1'],
  [0, '0'],
] as const) {
  test(`with the ratio ${ratio} every request has the flag ${flag}`, async () => {
    await withEdge(tracing(ratio), async (own) => {
      const contexts = await Promise.all(Array.from({ length: 20 }, () => seen(own)));
      for (const { traceparent } of contexts) assert.equal(TRACEPARENT.exec(traceparent!)?.[1], flag);
    });
  });
}

test('a ratio between samples some', async () => {
  await withEdge(tracing(0.5), async (own) => {
    const flags = new Set<string | undefined>();
    // All flags are the same with a probability of one in 2^99.
    for (let count = 0; count < 100 && flags.size < 2; count += 1) {
      flags.add(TRACEPARENT.exec((await seen(own))['traceparent']!)?.[1]);
    }
    assert.deepEqual([...flags].sort(), ['0', '1']);
  });
});

test("the user's own server gets the context too", async () => {
  await withEdge({ ...tracing(1), upstreams: ['127.0.0.1:1'] }, async (own) => {
    assert.match((await seen(own, CLIENTS))['traceparent']!, TRACEPARENT);
  });
});

test('without a collector the edge changes neither the headers nor its log', async () => {
  await withEdge({}, async (own) => {
    const { traceparent, tracestate, baggage } = await seen(own, CLIENTS);
    assert.deepEqual({ traceparent, tracestate, baggage }, CLIENTS);
    const logged = async () => own.log().includes('/traced') || undefined;
    await waitFor(logged, { what: 'the log line', timeoutMs: 30_000 });
    assert.match(own.log(), / \d+\/\d+ GET HTTP\/1\.1 \/traced$/m);
  });
});
