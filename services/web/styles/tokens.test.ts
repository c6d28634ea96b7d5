import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const SEATS = 8;
const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8');
const tokens = new Map(
  [...css.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
);

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function assertContrast(front: string, back: string, least: number) {
  for (const scheme of ['light', 'dark'] as const) {
    const [a, b] = [tokens.get(front)?.[scheme], tokens.get(back)?.[scheme]];
    assert.ok(a && b, `${front} or ${back} is not defined`);
    const ratio = contrast(a, b);
    const found = `${front} on ${back} has ${ratio.toFixed(2)} of ${least} in the ${scheme} scheme`;
    assert.ok(ratio >= least, found);
  }
}

test('the contrast of black on white is 21, as WCAG defines it', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
});

test('text has a contrast of 4.5 on every background, in both schemes', () => {
  for (const text of ['ink', 'muted', 'bad']) {
    for (const back of ['paper', 'card', 'sunken']) assertContrast(text, back, 4.5);
  }
  assertContrast('on-primary', 'primary', 4.5);
});

test('the edges of controls, the focus and the state of the connection have a contrast of 3', () => {
  for (const back of ['paper', 'card']) {
    for (const mark of ['control', 'focus', 'good', 'warn', 'bad']) assertContrast(mark, back, 3);
  }
});

test("a seat's shape has a contrast of 4.5 on the seat's colour", () => {
  for (let seat = 0; seat < SEATS; seat += 1) assertContrast(`seat-${seat}-ink`, `seat-${seat}`, 4.5);
});

test('all seats have the colours of Okabe and Ito, each once', () => {
  const light = Array.from({ length: SEATS }, (_, seat) => tokens.get(`seat-${seat}`)?.light);
  assert.deepEqual(light.toSorted(), [
    '#000000',
    '#0072b2',
    '#009e73',
    '#56b4e9',
    '#cc79a7',
    '#d55e00',
    '#e69f00',
    '#f0e442',
  ]);
});
