import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { moveFocus } from './movement.ts';

test('arrows and hjkl move the focus by one cell the same way', () => {
  for (const [arrow, letter, to] of [
    ['ArrowLeft', 'h', 3],
    ['ArrowDown', 'j', 7],
    ['ArrowUp', 'k', 1],
    ['ArrowRight', 'l', 5],
  ] as const) {
    assert.equal(moveFocus(4, arrow, 3), to);
    assert.equal(moveFocus(4, letter, 3), to);
    assert.equal(moveFocus(4, letter.toUpperCase(), 3), to);
  }
});

test('the focus stops at the edges and does not wrap to another row', () => {
  assert.equal(moveFocus(2, 'ArrowRight', 3), 2);
  assert.equal(moveFocus(3, 'ArrowLeft', 3), 3);
  assert.equal(moveFocus(1, 'ArrowUp', 3), 1);
  assert.equal(moveFocus(8, 'ArrowDown', 3), 8);
});

test('Home and End go to the ends of the row', () => {
  assert.equal(moveFocus(4, 'Home', 3), 3);
  assert.equal(moveFocus(4, 'End', 3), 5);
});

test('a key that does not move the focus is left to the page', () => {
  for (const key of ['Enter', ' ', 'Tab', 'a', 'Escape', 'constructor']) {
    assert.equal(moveFocus(4, key, 3), undefined);
  }
});

test('no key takes the focus off a board of any size', () => {
  const arrows = ['ArrowLeft', 'ArrowDown', 'ArrowUp', 'ArrowRight'];
  const key = fc.constantFrom(...arrows, 'h', 'j', 'k', 'l', 'Home', 'End');
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 16 }), fc.nat(), key, (size, seed, pressed) => {
      const to = moveFocus(seed % size ** 2, pressed, size);
      return to !== undefined && to >= 0 && to < size ** 2;
    }),
  );
});
