import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { repetitions } from '../../../tests/kit/repetitions.ts';
import { until } from '../../../tests/kit/wait.ts';
import {
  CLIENT_MESSAGE_TYPES,
  CLOSE_CODES,
  decodeClientFrame,
  ERROR_CODES,
  LIMITS,
  SESSION_PATH,
} from '../../protocol/index.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import type { Replica } from '../replica.ts';
import { guest, TestClient } from '../testing/client.ts';
import { assertGapless, ok, startedGame } from '../testing/play.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { DESIGNS, startTestReplica } from '../testing/replica.ts';

/** All messages come from one address, which would otherwise be blocked. */
const limits = {
  ...DEFAULT_LIMITS,
  perAddress: { ...DEFAULT_LIMITS.perAddress, refusalsPerMinute: 1_000_000, sessionsPerMinute: 1_000_000 },
};

let redis: TestRedis;
let replicas: Replica[] = [];

before(async () => {
  redis = await startRedis();
  replicas = await Promise.all(
    DESIGNS.map((design, index) => startTestReplica(redis.url, `${index + 1}`, { design, limits })),
  );
});
after(async () => {
  await Promise.all(replicas.map((replica) => replica.drain()));
  await redis?.stop();
});

const DOCUMENTED = new Set<number>([1000, 1005, ...Object.values(CLOSE_CODES).map(({ code }) => code)]);

/** A frame as it goes out: text that may be no text, in one piece or in several. */
interface Frame {
  readonly data: string | Buffer;
  readonly binary: boolean;
  readonly pieces: number;
}

const text = (value: string): Frame => ({ data: value, binary: false, pieces: 1 });

/** Strings that have broken parsers, keys, logs and terminals before. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'lobby',
  'ABCDEF',
  'A}:x{',
  'gridlock:{lobby}:messages',
  '\u0000',
  '\u001b[2J',
  '\u202e\u2066',
  '\ud800',
  '\ufeff',
  '\u200b',
  '1e999',
  '-0',
  'NaN',
  'null',
  '💥'.repeat(20),
  "'; return redis.call('FLUSHALL') --",
  '%00',
  '${7*7}',
  '../../etc/passwd',
  'a'.repeat(2000),
);
const junk: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: nasty },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1.5,
      2 ** 53,
      -(2 ** 53),
      1e308,
      256,
      [],
      {},
      [[[]]],
      { length: 1e9 },
      { toJSON: 1 },
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
);

/** Messages that are good, about the game of the bystanders, about none and about one's own. */
const good = (game: string): fc.Arbitrary<object> => {
  const id = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const code = fc.constantFrom(game, game, 'ABCDEF', 'ZZZZZZ');
  const channel = fc.oneof({ weight: 3, arbitrary: fc.constant('lobby') }, code);
  const position = { epoch: fc.string({ minLength: 1, maxLength: 64 }), seq: fc.nat() };
  const shape = {
    players: fc.integer({ min: 2, max: 8 }),
    size: fc.integer({ min: 3, max: 16 }),
    seconds: fc.constant(5),
  };
  return fc.oneof(
    fc.record({ type: fc.constant('ping' as const), t: fc.double({ noNaN: true, noDefaultInfinity: true }) }),
    fc.record({ type: fc.constantFrom('create' as const, 'match' as const), id, ...shape, spectators: fc.boolean() }),
    fc.record({ type: fc.constantFrom('join' as const, 'leave' as const), id, game: code }),
    fc.record({ type: fc.constant('capture' as const), id, game: code, cell: fc.nat(300) }),
    fc.record({ type: fc.constantFrom('resume' as const, 'watch' as const), id, game: code, ...position }),
    fc.record({
      type: fc.constant('publish' as const),
      id,
      channel,
      data: fc.record({ text: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }) }),
    }),
    fc.record({
      type: fc.constantFrom('subscribe' as const, 'subscribe' as const, 'unsubscribe' as const),
      id,
      channel,
    }),
    fc.record({ type: fc.constant('refresh' as const), id, token: fc.stringMatching(/^[A-Za-z0-9._-]{1,40}$/) }),
  );
};

/** A good message with a field changed, taken away, added or said twice. */
const bent = (game: string): fc.Arbitrary<Frame> =>
  fc
    .tuple(good(game), fc.nat(), junk, fc.constantFrom('change', 'drop', 'add', 'twice', 'nest'), nasty)
    .map(([message, which, value, how, key]) => {
      const fields = Object.keys(message);
      const field = fields[which % fields.length]!;
      const entries = new Map<string, unknown>(Object.entries(message));
      if (how === 'change') entries.set(field, value);
      if (how === 'drop') entries.delete(field);
      if (how === 'add') entries.set(key, value);
      if (how === 'nest') entries.set(field, { [field]: entries.get(field) });
      const body = [...entries].map(([name, item]) => `${JSON.stringify(name)}:${JSON.stringify(item) ?? 'null'}`);
      if (how === 'twice') body.push(`${JSON.stringify(field)}:${JSON.stringify(value) ?? 'null'}`);
      return text(`{${body.join(',')}}`);
    });

const frames = (game: string): fc.Arbitrary<Frame> =>
  fc.oneof(
    { weight: 6, arbitrary: good(game).map((message) => text(JSON.stringify(message))) },
    { weight: 10, arbitrary: bent(game) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }).map(text) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 6 }).map(text) },
    { weight: 1, arbitrary: fc.nat(2000).map((depth) => text('['.repeat(depth) + ']'.repeat(depth))) },
    { weight: 1, arbitrary: fc.nat(600).map((depth) => text(`${'{"type":'.repeat(depth)}1${'}'.repeat(depth)}`)) },
    {
      weight: 1,
      arbitrary: fc
        .uint8Array({ maxLength: 64 })
        .map((bytes) => ({ data: Buffer.from(bytes), binary: false, pieces: 1 })),
    },
    {
      weight: 1,
      arbitrary: fc
        .uint8Array({ maxLength: 64 })
        .map((bytes) => ({ data: Buffer.from(bytes), binary: true, pieces: 1 })),
    },
    {
      weight: 1,
      arbitrary: fc
        .integer({ min: LIMITS.messageBytes - 2, max: LIMITS.messageBytes + 2 })
        .map((length) => text('x'.repeat(length))),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(good(game), fc.integer({ min: 2, max: 30 }))
        .map(([message, pieces]) => ({ data: JSON.stringify(message), binary: false, pieces })),
    },
  );

function send({ socket }: TestClient, { data, binary, pieces }: Frame): void {
  if (socket.readyState !== socket.OPEN) return;
  const bytes = Buffer.from(data as string);
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  for (let piece = 0; piece < pieces; piece += 1) {
    socket.send(bytes.subarray(piece * size, (piece + 1) * size), { binary, fin: piece === pieces - 1 });
  }
}

for (const [index, design] of DESIGNS.entries()) {
  test(`${design}: any input is answered as documented, and does nothing to a game of other players`, async () => {
    const { url } = replicas[index]!;
    const { ada, bob, game } = await startedGame([url, url], 16, 300);
    const before = ada.events(game).length;
    const reached = new Map<string, number>();
    const count = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);
    let cell = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(frames(game), { minLength: 1, maxLength: 16, size: 'max' }), async (sent) => {
        const eve = await TestClient.connect(url);
        for (const frame of sent) send(eve, frame);
        // A frame that is good ends what was sent, if the socket is still open by then.
        send(eve, text(JSON.stringify({ type: 'create', id: 'the-last-one', players: 2 })));
        await until(
          () =>
            eve.closeCode !== undefined ||
            eve.received.some((item) => (item.type === 'ack' || item.type === 'error') && item.id === 'the-last-one'),
          'the sender is answered or closed',
        );
        if (eve.closeCode !== undefined) {
          assert.ok(DOCUMENTED.has(eve.closeCode), `closed with ${eve.closeCode}`);
          count(`close ${eve.closeCode}`);
        }
        for (const item of eve.received) {
          // Any frame outside the protocol would have made the client's decoder throw.
          if (item.type === 'error') assert.ok(item.code in ERROR_CODES, item.code);
          count(item.type === 'error' ? item.code : item.type);
          const isTheirs = 'game' in item && item.game === game;
          assert.ok(!isTheirs, `something of the game of others was said: ${JSON.stringify(item).slice(0, 200)}`);
        }
        eve.close();
        if (cell < 255 && (cell += 1) % 3 === 0) {
          ok(await ada.request({ type: 'capture', game, cell, id: `safe${cell}` }));
        }
      }),
      { numRuns: repetitions(400, 2000) },
    );
    for (const client of [ada, bob]) {
      assert.equal(client.closeCode, undefined);
      await client.next('event', ({ event }) => event.kind === 'captured' && event.cell === cell - (cell % 3));
      assertGapless(client, game);
    }
    // Only what Ada did happened.
    const kinds = new Set(
      ada
        .events(game)
        .slice(before)
        .map(({ event }) => `${event.kind}${'player' in event ? event.player : ''}`),
    );
    assert.equal(kinds.size, 1);
    // A test that never gets there proves nothing.
    for (const what of [
      'bad_json',
      'bad_message',
      'unknown_type',
      'game_not_found',
      'not_subscribed',
      'unauthorized',
      'ack',
      'snapshot',
      'history',
      'close 1003',
      'close 1007',
      'close 1009',
      'close 1008',
    ])
      assert.ok(reached.get(what), `${what} was reached: ${JSON.stringify([...reached])}`);
    ada.close();
    bob.close();
  });
}

test('for any text, the decoder of frames gives a message or a refusal', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        frames('ABCDEF'),
        fc.anything().map((value) => text(JSON.stringify(value) ?? '')),
      ),
      ({ data }) => {
        const decoded = decodeClientFrame(String(data));
        if (decoded.ok) assert.ok(decoded.message.type === 'command' || CLIENT_MESSAGE_TYPES.has(decoded.message.type));
        else assert.ok(decoded.refusal.code in ERROR_CODES);
        assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
      },
    ),
    { numRuns: repetitions(1500, 50_000) },
  );
});

const headerValue = fc.stringMatching(/^[!-~ ]{0,60}$/);
/** Often without: with all of them strange, hardly any request gets as far as to a session. */
const maybe = fc.option(headerValue, { freq: 2 });
const body = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('{}', '{"name":"Ada"}', '{"transport":"cookie","slot":"b2"}') },
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constant('{"__proto__":{"name":"x"}}'),
  fc.constant(JSON.stringify({ name: 'x'.repeat(5000) })),
  fc.constant('['.repeat(4000)),
  fc.record({ name: junk, transport: junk, slot: junk }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
);

test('the session endpoint answers any request with a documented status', async () => {
  const { url } = replicas[0]!;
  const reached = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('POST', 'POST', 'DELETE', 'PUT', 'GET', 'PATCH'),
      fc.oneof(fc.constantFrom('application/json', 'application/json; charset=utf-8'), headerValue),
      maybe,
      maybe,
      maybe,
      body,
      async (method, type, authorization, cookie, origin, given) => {
        const call = httpRequest(`${url}${SESSION_PATH}`, {
          method,
          headers: {
            'content-type': type,
            'content-length': Buffer.byteLength(given),
            ...(authorization === null ? {} : { authorization }),
            ...(cookie === null ? {} : { cookie }),
            ...(origin === null ? {} : { origin }),
          },
        });
        call.on('error', () => undefined);
        call.end(given);
        const [response] = await once(call, 'response');
        let answer = '';
        for await (const part of response) answer += part;
        const { statusCode } = response;
        reached.add(statusCode);
        assert.ok([201, 400, 401, 403, 404, 413, 415].includes(statusCode), `${method} ${statusCode} ${answer}`);
        if (statusCode !== 201) assert.equal(typeof JSON.parse(answer).message, 'string');
      },
    ),
    { numRuns: repetitions(400, 4000) },
  );
  for (const status of [201, 400, 403, 404, 415]) assert.ok(reached.has(status), `${status} was reached`);
  assert.ok((await guest(url)).token);
});
