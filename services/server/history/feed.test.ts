import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { repetitions } from '../../../tests/kit/repetitions.ts';
import { Feed } from './feed.ts';
import type { History } from './history.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const SILENT = { delivered: () => {}, gap: () => {}, read: () => {}, failed: () => {}, left: () => {} };

/** A history that grows; `fails` makes the reads fail. */
class Book implements History {
  readonly channel = 'book';
  readonly head = 'book';
  readonly type = 'event';
  readonly epoch = 'e1';
  fails = false;
  reads = 0;
  seq = 0;
  readonly renewed: string[] = [];

  write(): string {
    this.seq += 1;
    return `${this.epoch} ${this.seq} entry ${this.seq}`;
  }

  async after({ seq }: { seq: number }) {
    this.reads += 1;
    if (this.fails) throw new Error('away');
    const seqs = Array.from({ length: this.seq - seq }, (_, index) => seq + index + 1);
    return seqs.map((own) => ({ seq: own, text: `entry ${own}` }));
  }

  async renew(epoch: string) {
    this.renewed.push(epoch);
  }

  async position() {
    if (this.fails) throw new Error('away');
    return { epoch: this.epoch, seq: this.seq };
  }
}

function reader() {
  const seen: string[] = [];
  let resets = 0;
  let ends = 0;
  return {
    seen,
    get resets() {
      return resets;
    },
    get ends() {
      return ends;
    },
    deliver: ({ text }: { text: string }) => seen.push(text),
    reset: () => (resets += 1),
    ended: () => (ends += 1),
  };
}

const entries = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `entry ${from + index}`);

test('announcements in order are delivered without a read', async () => {
  const book = new Book();
  const feed = new Feed(book, 'e1', 0, SILENT);
  const ada = reader();
  feed.follow(ada, 0);
  for (let count = 0; count < 5; count += 1) feed.hint(book.write());
  assert.deepEqual(ada.seen, entries(1, 5));
  await settle();
  assert.equal(book.reads, 0);
});

test('a gap is filled by reading and the order is kept', async () => {
  const book = new Book();
  const feed = new Feed(book, 'e1', 0, SILENT);
  const ada = reader();
  feed.follow(ada, 0);
  feed.hint(book.write());
  book.write();
  feed.hint(book.write());
  assert.deepEqual(ada.seen, entries(1, 1));
  await settle();
  assert.deepEqual(ada.seen, entries(1, 3));
});

test('a gap that opens while another one is being read is filled as well', async () => {
  const book = new Book();
  const feed = new Feed(book, 'e1', 0, SILENT);
  const ada = reader();
  feed.follow(ada, 0);
  book.write();
  feed.hint(book.write());
  book.write();
  feed.hint(book.write());
  await settle();
  assert.deepEqual(ada.seen, entries(1, 4));
});

test('the check finds an entry that was lost at the end', async () => {
  const book = new Book();
  const feed = new Feed(book, 'e1', 0, SILENT);
  const ada = reader();
  feed.follow(ada, 0);
  book.write();
  assert.equal(await feed.check(), 'same');
  assert.deepEqual(ada.seen, entries(1, 1));
});

test('a history of another epoch, or a history that went back, does not count as the same', async () => {
  const book = new Book();
  book.write();
  assert.equal(await new Feed(book, 'e0', 1, SILENT).check(), 'other');
  assert.equal(await new Feed(book, 'e1', 2, SILENT).check(), 'other');
});

test('a follower with an older position gets the entries between, once', async () => {
  const book = new Book();
  const feed = new Feed(book, 'e1', 0, SILENT);
  const [ada, bob] = [reader(), reader()];
  feed.follow(ada, 0);
  for (let count = 0; count < 3; count += 1) feed.hint(book.write());
  feed.follow(bob, 1);
  feed.hint(book.write());
  await settle();
  feed.hint(book.write());
  assert.deepEqual(bob.seen, entries(2, 5));
  assert.deepEqual(ada.seen, entries(1, 5));
});

test('a later check brings up a follower that could not be brought up before', async () => {
  const book = new Book();
  const feed = new Feed(book, 'e1', 0, SILENT);
  const bob = reader();
  feed.follow(reader(), 0);
  feed.hint(book.write());
  book.fails = true;
  feed.follow(bob, 0);
  await settle();
  feed.hint(book.write());
  assert.deepEqual(bob.seen, []);
  book.fails = false;
  await feed.check();
  await settle();
  assert.deepEqual(bob.seen, entries(1, 2));
});

test('a follower that stops while it is brought up to date receives nothing more', async () => {
  const read = Promise.withResolvers<{ seq: number; text: string }[]>();
  const history: History = {
    head: 'gone',
    channel: 'book',
    type: 'event',
    after: () => read.promise,
    position: async () => undefined,
    renew: async () => undefined,
  };
  const feed = new Feed(history, 'e1', 5, SILENT);
  const one = reader();
  const stop = feed.follow(one, 3);
  stop();
  read.resolve([
    { seq: 4, text: 'entry 4' },
    { seq: 5, text: 'entry 5' },
  ]);
  await settle();
  assert.deepEqual(one.seen, []);
});

test('whatever is lost, repeated or late, every follower sees exactly the history', async () => {
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.constant('announce' as const) },
    { weight: 2, arbitrary: fc.constant('lose' as const) },
    { weight: 2, arbitrary: fc.constant('delay' as const) },
    { weight: 2, arbitrary: fc.constant('deliver late' as const) },
    { weight: 1, arbitrary: fc.constant('repeat' as const) },
    { weight: 1, arbitrary: fc.constant('break' as const) },
    { weight: 2, arbitrary: fc.constant('repair' as const) },
    { weight: 2, arbitrary: fc.constant('turn' as const) },
    { weight: 1, arbitrary: fc.constant('check' as const) },
    { weight: 1, arbitrary: fc.constant('follow' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60, size: 'max' }), async (actions) => {
      const book = new Book();
      const feed = new Feed(book, 'e1', 0, SILENT);
      const followers = [{ from: 0, reader: reader() }];
      feed.follow(followers[0]!.reader, 0);
      let late: string[] = [];
      let last = '';
      for (const [index, next] of actions.entries()) {
        if (next === 'announce') feed.hint((last = book.write()));
        else if (next === 'lose') book.write();
        else if (next === 'delay') late.push(book.write());
        else if (next === 'deliver late') late = late.filter((payload) => feed.hint(payload));
        else if (next === 'repeat' && last) feed.hint(last);
        else if (next === 'break') book.fails = true;
        else if (next === 'repair') book.fails = false;
        else if (next === 'turn') await settle();
        else if (next === 'check') void feed.check();
        else if (next === 'follow') {
          const from = Math.floor((book.seq * (index % 4)) / 3);
          const added = { from, reader: reader() };
          followers.push(added);
          feed.follow(added.reader, from);
        }
      }
      book.fails = false;
      for (let count = 0; count < 4; count += 1) {
        await feed.check();
        await settle();
      }
      for (const { from, reader: follower } of followers) assert.deepEqual(follower.seen, entries(from + 1, book.seq));
    }),
    { numRuns: repetitions(250, 5000) },
  );
});
