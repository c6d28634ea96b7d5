import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Page, PagedList } from './paged-list.ts';

/** A server whose answers the test controls. */
function server() {
  const asked: { search: string; after: number | null; answer(page: Page<string, number> | Error): void }[] = [];
  const list = new PagedList<string, number>(
    (search, after) =>
      new Promise((resolve, reject) => {
        asked.push({ search, after, answer: (page) => (page instanceof Error ? reject(page) : resolve(page)) });
      }),
    (item) => item,
  );
  return { asked, list };
}

test('pages follow each other, and an item that is listed twice is shown once', async () => {
  const { asked, list } = server();
  const first = list.begin('x');
  assert.deepEqual([list.items, list.isReading], [undefined, true]);
  asked[0]!.answer({ items: ['a', 'b'], next: 7 });
  await first;
  assert.deepEqual([list.items, list.hasMore, list.search], [['a', 'b'], true, 'x']);
  const second = list.more();
  asked[1]!.answer({ items: ['b', 'c'], next: null });
  await second;
  assert.deepEqual([asked[1]!.search, asked[1]!.after, list.items, list.hasMore], ['x', 7, ['a', 'b', 'c'], false]);
});

test('a late answer to an earlier search is ignored', async () => {
  const { asked, list } = server();
  const [one, two] = [list.begin('one'), list.begin('two')];
  asked[1]!.answer({ items: ['of two'], next: null });
  asked[0]!.answer({ items: ['of one'], next: 3 });
  await Promise.all([one, two]);
  assert.deepEqual([list.items, list.hasMore, list.isReading], [['of two'], false, false]);
});

test('a problem is shown, the items stay, and the next answer removes the problem', async () => {
  const { asked, list } = server();
  const first = list.begin('');
  asked[0]!.answer({ items: ['a'], next: 1 });
  await first;
  const failed = list.more();
  asked[1]!.answer(new Error('The store does not answer.'));
  await failed;
  assert.deepEqual([list.problem.value, list.items, list.hasMore], ['The store does not answer.', ['a'], true]);
  const again = list.again();
  asked[2]!.answer({ items: [], next: null });
  await again;
  assert.deepEqual([list.problem.value, list.items], ['', []]);
});
