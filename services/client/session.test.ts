import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionAnswer } from '../protocol/index.ts';
import { GridlockError } from './errors.ts';
import type { Platform, SessionCall } from './platform.ts';
import { Session, UserToken, withoutSession } from './session.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { MemoryStore, rejection, SESSION_MS } from './testing/fake-network.ts';

/** A session whose server answers when the test says so. */
function slow() {
  const asked: { call: SessionCall; answer(player: string): void }[] = [];
  const clock = new FakeClock();
  const platform: Platform = {
    clock,
    random: () => 0.5,
    openSocket: () => assert.fail('no socket is wanted'),
    createSession: (call) =>
      new Promise<SessionAnswer>((resolve) =>
        asked.push({
          call,
          answer: (player) =>
            resolve({ player: { id: player, name: player }, expiresAt: clock.now() + SESSION_MS, token: player }),
        }),
      ),
    endSession: async () => undefined,
  };
  return { asked, clock, session: new Session(platform, 'tab1', undefined) };
}

test('an older session that comes late does not replace the one requested after it', async () => {
  const { asked, clock, session } = slow();
  const renewals = [session.renew(clock.now()), session.renew(clock.now())];
  asked[1]!.answer('second');
  await settle();
  asked[0]!.answer('first');
  await Promise.all(renewals);
  assert.equal(session.token, 'second');
});

test('a session that comes after the log-out is dropped', async () => {
  const { asked, clock, session } = slow();
  const begun = session.renew(clock.now());
  asked[0]!.answer('first');
  await begun;
  const renewal = session.renew(clock.now());
  await session.end();
  asked[1]!.answer('first');
  await renewal;
  assert.equal(session.token, undefined);
});

const ANSWER: SessionAnswer = { player: { id: 'p1', name: 'Ada' }, expiresAt: 1 };
const refuse = () => Promise.reject(new GridlockError('session_refused', 'The JWT has expired.'));

test('the user’s token is requested for each session', async () => {
  const shown: string[] = [];
  let count = 0;
  const token = new UserToken(async () => `jwt-${(count += 1)}`);
  for (let round = 0; round < 2; round += 1) {
    await token.trade(async (jwt) => {
      shown.push(jwt);
      return ANSWER;
    });
  }
  assert.deepEqual(shown, ['jwt-1', 'jwt-2']);
});

test('a refused user’s token leads to another try, and the third refusal in a row is final', async () => {
  const token = new UserToken(() => 'jwt');
  const codes = async (times: number) => {
    const all: string[] = [];
    for (let round = 0; round < times; round += 1) all.push((await rejection(token.trade(refuse))).code);
    return all;
  };
  assert.deepEqual(await codes(2), ['session_unavailable', 'session_unavailable']);
  await token.trade(async () => ANSWER);
  assert.deepEqual(await codes(3), ['session_unavailable', 'session_unavailable', 'session_refused']);
});

test('a page that cannot give a token now is asked again later', async () => {
  const away = new UserToken(() => Promise.reject(new Error('offline')));
  const nothing = new UserToken(() => undefined as unknown as string);
  const never = () => assert.fail('no token is sent');
  const error = await rejection(away.trade(never));
  assert.deepEqual([error.code, error.message], ['session_unavailable', 'The option token gave no JWT: offline']);
  assert.equal((await rejection(nothing.trade(never))).code, 'session_unavailable');
});

test('a store without sessions keeps the rest, and returns no session that was saved before', () => {
  const store = new MemoryStore();
  const kept = withoutSession(store)!;
  assert.equal(kept.read(), undefined);
  kept.write('{"slot":"tab1","session":{"token":"secret"}}');
  assert.equal(store.text, '{"slot":"tab1"}');
  store.text = '{"slot":"tab1","session":{"token":"secret"}}';
  assert.equal(kept.read(), '{"slot":"tab1"}');
});
