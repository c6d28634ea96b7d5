import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../client/testing/fake-clock.ts';
import { Feed, type FeedSocket, SILENCE_MS } from './feed.ts';

class FakeSocket implements FeedSocket {
  readonly #listeners = { message: [], close: [] } as Record<string, ((event: { data?: unknown }) => void)[]>;
  closed = false;

  addEventListener(type: 'message' | 'close', listener: (event: { data?: unknown }) => void): void {
    this.#listeners[type]!.push(listener);
  }

  emit(type: 'message' | 'close', data?: unknown): void {
    for (const listener of this.#listeners[type]!) listener({ data });
  }

  close(): void {
    this.closed = true;
  }
}

function feed(random = 0.5) {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const states: boolean[] = [];
  const told: string[] = [];
  const it = new Feed({
    open: () => {
      sockets.push(new FakeSocket());
      return sockets.at(-1)!;
    },
    setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs) as unknown as number,
    clearTimeout: (timer) => clock.clearTimeout(timer as never),
    onMessage: (message) => told.push(message.type),
    onState: (isLive) => states.push(isLive),
    random: () => random,
  });
  return { it, clock, sockets, states, told };
}

test('messages are passed on, and the page is live', () => {
  const { sockets, states, told } = feed();
  sockets[0]!.emit('message', '{"type":"run","run":null}');
  assert.deepEqual([states, told], [[true], ['run']]);
});

test('a lost socket is opened again, each time after a longer pause', async () => {
  const { clock, sockets, states } = feed();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    sockets.at(-1)!.emit('close');
    await clock.advance(250 * 2 ** attempt - 1);
    assert.equal(sockets.length, attempt + 1);
    await clock.advance(1);
    assert.equal(sockets.length, attempt + 2);
  }
  assert.deepEqual(states, [false, false, false]);
});

test('a socket that is silent for five seconds is abandoned, and its later events are ignored', async () => {
  const { clock, sockets, states, told } = feed();
  sockets[0]!.emit('message', '{"type":"run","run":null}');
  await clock.advance(SILENCE_MS - 1);
  assert.equal(sockets[0]!.closed, false);
  await clock.advance(1);
  assert.equal(sockets[0]!.closed, true);
  assert.deepEqual(states, [true, false]);
  await clock.advance(1000);
  sockets[0]!.emit('close');
  sockets[0]!.emit('message', '{"type":"run","run":null}');
  assert.deepEqual([sockets.length, told.length], [2, 1]);
});

test('a user who returns to the page does not wait for the pause to end', () => {
  const { it, sockets } = feed();
  sockets[0]!.emit('close');
  it.retryNow();
  assert.equal(sockets.length, 2);
  it.retryNow();
  assert.equal(sockets.length, 2, 'a feed that is being opened is not opened twice');
});
