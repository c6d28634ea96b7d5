import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { repetitions } from '../../tests/kit/repetitions.ts';
import { decodeServerFrame, ProtocolError, type ServerMessage } from '../protocol/index.ts';
import { settle } from './testing/fake-clock.ts';
import { Bench, PLAYER } from './testing/fake-network.ts';

const GAME = 'ABCDEF';
const settings = { players: 2, size: 3, seconds: 30 };
const state = {
  settings,
  status: 'active' as const,
  players: [{ ...PLAYER, score: 0 }],
  cells: Array<number>(9).fill(-1),
  createdAt: 1,
};

/** Messages of a server, to be distorted. */
const good: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({ type: fc.constant('pong' as const), t: fc.nat(), now: fc.nat() }),
  fc.record({ type: fc.constant('ack' as const), id: fc.string(), game: fc.constant(GAME), seq: fc.nat() }),
  fc.record({
    type: fc.constant('snapshot' as const),
    game: fc.constant(GAME),
    epoch: fc.constant('e1'),
    seq: fc.nat(20),
    now: fc.nat(),
    state: fc.constant(state),
  }),
  fc.record({
    type: fc.constant('event' as const),
    game: fc.constant(GAME),
    epoch: fc.constantFrom('e1', 'e2'),
    seq: fc.nat(20),
    at: fc.nat(),
    event: fc.oneof(
      fc.record({
        kind: fc.constant('captured' as const),
        player: fc.constant('p1'),
        seat: fc.nat(9),
        cell: fc.nat(20),
        scores: fc.array(fc.nat(9)),
      }),
      fc.record({
        kind: fc.constant('joined' as const),
        player: fc.constant('p2'),
        name: fc.string(),
        seat: fc.nat(9),
      }),
    ),
  }),
  fc.record({ type: fc.constant('watchers' as const), game: fc.constant(GAME), count: fc.nat() }),
  fc.record({ type: fc.constant('going_away' as const), reconnectAfterMs: fc.nat(1000) }),
  fc.record({
    type: fc.constant('error' as const),
    code: fc.constant('internal' as const),
    message: fc.string(),
    id: fc.string(),
  }),
);

const frame: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.array(good, { maxLength: 4 }).map((messages) => JSON.stringify(messages)) },
  {
    weight: 4,
    arbitrary: fc.tuple(good, fc.nat(), fc.jsonValue({ maxDepth: 3 })).map(([message, which, value]) => {
      const fields = Object.keys(message);
      return JSON.stringify({ ...message, [fields[which % fields.length]!]: value });
    }),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.nat(3000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(new ArrayBuffer(4), null, undefined, '', '{"__proto__":{"type":"pong"}}'),
  },
);

test('no message of a server makes the client throw, and it goes on with a correct server', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 12 }), async (frames) => {
      const bench = new Bench();
      const socket = await bench.open();
      for (const data of frames) socket.sayRaw(data);
      await settle();
      if (bench.client.state !== 'open') await bench.reopen();
      const asked = bench.client.create(settings);
      await settle();
      // The server answers in the order in which the client restores.
      for (const request of bench.socket.requests) {
        if (request.type === 'resume') {
          bench.socket.say({ type: 'error', id: request.id, code: 'game_not_found', message: 'There is none.' });
        }
      }
      for (let turns = 0; turns < 50 && !bench.socket.requests.some(({ type }) => type === 'create'); turns += 1) {
        await bench.clock.advance(100);
      }
      const { id } = bench.socket.request('create');
      const place = { game: 'GHJKLM', epoch: 'e9', seq: 2 };
      bench.socket.say({ type: 'ack', id, ...place }, { type: 'snapshot', ...place, now: 1, state });
      assert.equal((await asked).code, 'GHJKLM');
      bench.client.close();
      assert.equal(bench.clock.running, 0);
    }),
    { numRuns: repetitions(200, 5000) },
  );
});

test('for any text, the decoder of server frames gives messages or a ProtocolError', () => {
  fc.assert(
    fc.property(frame, (data) => {
      try {
        for (const message of decodeServerFrame(String(data))) assert.equal(typeof message.type, 'string');
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error));
      }
    }),
    { numRuns: repetitions(1500, 50_000) },
  );
});
