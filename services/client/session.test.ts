import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionAnswer } from '../protocol/index.ts';
import type { Platform, SessionCall } from './platform.ts';
import { Session } from './session.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { SESSION_MS } from './testing/fake-network.ts';

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

test('a session that comes when another one was asked for since does not take its place', async () => {
  const { asked, clock, session } = slow();
  const renewals = [session.renew(clock.now()), session.renew(clock.now())];
  asked[1]!.answer('second');
  await settle();
  asked[0]!.answer('first');
  await Promise.all(renewals);
  assert.equal(session.token, 'second');
});

test('a session that comes after the log-out is not taken on', async () => {
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
