import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import { until } from '../../../tests/kit/wait.ts';
import { BoundedExport } from './bounded-export.ts';

const MOST_WAITING = 8;

/** A function that ends spans, an exporter that the test controls, and the counts. */
function setUp(t: TestContext) {
  let isOver = false;
  const counts = { exported: 0, failed: 0, dropped: 0 };
  const held: { spans: ReadableSpan[]; done: (result: ExportResult) => void }[] = [];
  const exporter = {
    export: (spans: ReadableSpan[], done: (result: ExportResult) => void) => {
      if (isOver) done({ code: ExportResultCode.SUCCESS });
      else held.push({ spans, done });
    },
    shutdown: async () => undefined,
  };
  const processor = new BoundedExport(exporter, (outcome, spans) => (counts[outcome] += spans), MOST_WAITING);
  t.after(async () => {
    isOver = true;
    for (const { done } of held) done({ code: ExportResultCode.SUCCESS });
    await processor.shutdown();
  });
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('test');
  const end = (times: number) => {
    for (let count = 0; count < times; count += 1) tracer.startSpan('span').end();
  };
  const answer = async (code: ExportResultCode) => {
    await until(() => held.length > 0, 'a batch is sent');
    held.shift()!.done({ code });
  };
  return { counts, held, end, answer };
}

test('a collector that does not answer gets one batch, and the queue of spans stays bounded', async (t) => {
  const { counts, held, end } = setUp(t);
  end(MOST_WAITING);
  await until(() => held.length === 1, 'a batch is sent');
  end(10 * MOST_WAITING);
  assert.equal(held.length, 1);
  assert.deepEqual(counts, { exported: 0, failed: 0, dropped: 9 * MOST_WAITING });
});

test('waiting spans are sent once the collector answers again', async (t) => {
  const { counts, held, end, answer } = setUp(t);
  end(3 * MOST_WAITING);
  await answer(ExportResultCode.SUCCESS);
  await answer(ExportResultCode.SUCCESS);
  assert.deepEqual(counts, { exported: 2 * MOST_WAITING, failed: 0, dropped: MOST_WAITING });
  end(MOST_WAITING);
  await until(() => held.length === 1, 'new spans are sent');
});

test('refused spans are counted, and the export goes on', async (t) => {
  const { counts, end, answer } = setUp(t);
  end(MOST_WAITING);
  await answer(ExportResultCode.FAILED);
  end(MOST_WAITING);
  await answer(ExportResultCode.SUCCESS);
  assert.deepEqual(counts, { exported: MOST_WAITING, failed: MOST_WAITING, dropped: 0 });
});
