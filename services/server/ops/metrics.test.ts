import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter } from 'prom-client';
import { ERROR_CODES } from '../../protocol/index.ts';
import { beginCounting } from '../api/api-counters.ts';
import { Metrics } from './metrics.ts';

const TYPE = { refusals: { taken: 'It is taken.' }, channels: [{ name: 'news' }, { name: '{room}' }] };

interface Series {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

async function countersOf({ registry }: Metrics): Promise<{ name: string; labels: string[]; series: Series[] }[]> {
  const counters = registry.getMetricsAsArray().filter((metric) => (metric as object) instanceof Counter);
  return Promise.all(
    counters.map(async (counter) => {
      const { name, values } = await (counter as unknown as Counter).get();
      return { name, labels: (counter as unknown as { labelNames: string[] }).labelNames, series: values as Series[] };
    }),
  );
}

test('every labelled counter starts with 0 for each value of its labels', async () => {
  const metrics = new Metrics('1111', TYPE as never);
  beginCounting(metrics, ['shop']);
  // The nodes of Redis are found, and not known: what they count are figures of Redis, which has them from its start.
  const isKnown = ({ labels }: { labels: string[] }) => labels.length > 0 && String(labels) !== 'node';
  const labelled = (await countersOf(metrics)).filter(isKnown);
  assert.ok(labelled.length > 15, `${labelled.length} counters`);
  for (const { name, labels, series } of labelled) {
    assert.ok(series.length > 1, `${name} has ${series.length} series`);
    assert.ok(
      series.every(({ value }) => value === 0),
      `${name} is not 0`,
    );
    for (const { labels: given } of series) assert.deepEqual(Object.keys(given).sort(), [...labels].sort(), name);
    if (name === 'gridlock_api_requests_total') continue;
    // Every combination of the values is there.
    const product = labels.reduce((sofar, label) => sofar * new Set(series.map((one) => one.labels[label])).size, 1);
    assert.equal(series.length, product, name);
  }
});

test('the refusals and channels of the application are known, too', async () => {
  const text = await new Metrics('1111', TYPE as never).registry.metrics();
  for (const code of [...Object.keys(ERROR_CODES), 'taken']) {
    assert.ok(text.includes(`gridlock_requests_refused_total{code="${code}",replica="1111"} 0`), code);
  }
  assert.match(text, /gridlock_published_messages_total\{channel="\{room\}",replica="1111"\} 0/);
});

test('the routes of backends are known with the statuses of their description, and kept when keys are read again', async () => {
  const metrics = new Metrics('1111');
  beginCounting(metrics, ['shop']);
  const labels = { backend: 'shop', route: 'GET /rooms/:room', status: '404' };
  const value = async () => {
    const { values } = await metrics.apiRequests.get();
    return values.find((one) => Object.entries(labels).every(([label, text]) => one.labels[label as 'route'] === text))
      ?.value;
  };
  assert.equal(await value(), 0);
  metrics.apiRequests.inc(labels);
  beginCounting(metrics, ['shop', 'game']);
  assert.equal(await value(), 1);
  const text = await metrics.registry.metrics();
  assert.match(
    text,
    /gridlock_api_requests_total\{backend="game",route="POST \/rooms",status="201",replica="1111"\} 0/,
  );
  assert.match(text, /gridlock_api_requests_total\{backend="",route="POST \/rooms",status="401",replica="1111"\} 0/);
});

test('a tally adds up between two readings, and loses nothing', async () => {
  const metrics = new Metrics('1111');
  metrics.messagesIn.count('ping', 3);
  metrics.messagesIn.count('ping');
  await metrics.registry.metrics();
  metrics.messagesIn.count('ping', 2);
  assert.match(await metrics.registry.metrics(), /gridlock_messages_in_total\{type="ping",replica="1111"\} 6/);
});
