import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Metrics } from '../server/ops/metrics.ts';
import { gaugeIn } from './scrape.ts';

test('the gauge is found in what a replica really tells', async () => {
  const metrics = new Metrics('game-a');
  metrics.watch('gridlock_sockets', 'Open sockets', () => 42);
  assert.equal(gaugeIn(await metrics.registry.metrics(), 'gridlock_sockets'), 42);
});

test('a metric whose name only begins alike is another one', () => {
  assert.equal(gaugeIn('gridlock_sockets_total 7\ngridlock_sockets 3\n', 'gridlock_sockets'), 3);
  assert.equal(gaugeIn('gridlock_sockets_total 7\n', 'gridlock_sockets'), undefined);
});

test('series are summed, with timestamps or without', () => {
  assert.equal(gaugeIn('g{a="1"} 2\ng{a="x} 9"} 3 1700000000000\n', 'g'), 5);
});

test('what counts nothing is no value', () => {
  for (const value of ['NaN', '+Inf', '-1', '']) assert.equal(gaugeIn(`g ${value}\n`, 'g'), undefined);
});

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void gaugeIn(text, 'g')));
});
