import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerCalls } from './peer-calls.ts';

type Take = (payload: string) => void;

/** Redis between replicas. A published message arrives in a later turn. */
function network() {
  const channels = new Map<string, Take>();
  let isCut = false;
  const join = (replica: string, onQuestion: (question: string) => Promise<string>, answerMs = 1000) =>
    new PeerCalls<string, string>({
      replica,
      answerMs,
      onQuestion,
      redis: {
        spublish: (async (channel: string, payload: string) => {
          if (isCut) throw new Error('Connection is closed.');
          const take = channels.get(channel);
          if (take) setImmediate(() => take(payload));
          return take ? 1 : 0;
        }) as never,
      },
      bus: {
        listen: (channel, { message }) => void channels.set(channel, message as Take),
        unlisten: (channel) => void channels.delete(channel),
      },
    });
  return { join, cut: () => (isCut = true) };
}

test('a question is answered by the replica it was for, even the asking one', async () => {
  const { join } = network();
  const one = join('1111', async (question) => `one heard ${question}`);
  join('2222', async (question) => `two heard ${question}`);
  assert.deepEqual(await one.ask('2222', 'a'), { tag: 'answer', answer: 'two heard a' });
  assert.deepEqual(await one.ask('1111', 'b'), { tag: 'answer', answer: 'one heard b' });
  const all = await Promise.all(['x', 'y', 'z'].map((question) => one.ask('2222', question)));
  assert.deepEqual(
    all.map((called) => called.tag === 'answer' && called.answer),
    ['two heard x', 'two heard y', 'two heard z'],
  );
});

test('a replica that cannot do it says why, which differs from an absent replica, silence and a lost store', async () => {
  const { join, cut } = network();
  const one = join('1111', async () => '', 20);
  join('2222', async () => {
    throw new Error('It drains already.');
  });
  join('3333', () => new Promise(() => {}));
  assert.deepEqual(await one.ask('2222', 'a'), { tag: 'failed', message: 'It drains already.' });
  assert.deepEqual(await one.ask('3333', 'a'), { tag: 'silent' });
  assert.deepEqual(await one.ask('4444', 'a'), { tag: 'nobody' });
  cut();
  assert.deepEqual(await one.ask('2222', 'a'), { tag: 'silent' });
});

test('a stopped replica counts as absent', async () => {
  const { join } = network();
  const one = join('1111', async () => '');
  const two = join('2222', async () => '');
  two.stop();
  assert.deepEqual(await one.ask('2222', 'a'), { tag: 'nobody' });
});
