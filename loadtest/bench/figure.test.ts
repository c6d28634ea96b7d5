import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure } from './figure.ts';

test('names are text in a picture, whatever characters they have', () => {
  const svg = figure({
    title: 'A & B',
    note: '',
    names: ['<script>'],
    panels: [
      {
        title: 't',
        xLabel: '',
        xScale: 'linear',
        xTicks: [0, 1],
        yScale: 'linear',
        lines: { '<script>': [{ x: 1, y: 2 }] },
      },
      { title: 'u', xLabel: '', xScale: 'linear', xTicks: [0, 1], yScale: 'linear', lines: {} },
    ],
  });
  assert.match(svg, /A &amp; B/);
  assert.doesNotMatch(svg, /<script>|NaN/);
  assert.match(svg, /Nothing was measured\./);
});
