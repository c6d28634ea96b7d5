import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedIn, golden, stacks } from './golden.ts';

/** Fails with the first line that differs: the whole of both would hide it. */
function assertSame(actual: string, expected: string, name: string): void {
  const [now, before] = [actual.split('\n'), expected.split('\n')];
  const index = now.findIndex((line, at) => line !== before[at]);
  const at = index === -1 && before.length > now.length ? now.length : index;
  if (at === -1) return;
  assert.fail(
    `infra/golden/${name}, line ${at + 1}: the program says ${JSON.stringify(now[at])}, ` +
      `the golden ${JSON.stringify(before[at])}; if that is meant: npm run golden`,
  );
}

for (const stack of stacks) {
  test(`the program of the stack ${stack} is as its golden says`, async () => {
    for (const [name, text] of Object.entries(await golden(stack))) assertSame(text, checkedIn(name), name);
  });
}

test('a rendering is the same every time', async () => {
  const again = await golden('stateful');
  for (const [name, text] of Object.entries(await golden('stateful'))) assertSame(text, again[name]!, name);
});
