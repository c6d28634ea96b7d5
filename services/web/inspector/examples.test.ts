import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { counter } from '../../apps/counter/counter.ts';
import { grid } from '../../apps/grid/grid.ts';
import { commandExamples, exampleOf } from './examples.ts';

for (const type of [counter, grid]) {
  test(`${type.name}: its schema allows each example of a command`, () => {
    const examples = commandExamples(type.command);
    assert.ok(examples.size > 0);
    for (const [kind, text] of examples) {
      assert.ok(v.is(type.command, JSON.parse(text)), text);
      assert.equal(JSON.parse(text).kind, kind);
    }
  });

  test(`${type.name}: the schema allows the example of settings`, () => {
    assert.ok(v.is(type.settings, exampleOf(type.settings)), JSON.stringify(exampleOf(type.settings)));
  });
}
