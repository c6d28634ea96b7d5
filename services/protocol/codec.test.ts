import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { CHAT, grid } from '../apps/grid/grid.ts';
import { type ClientMessageInput, Command, PlayerName, plainText, toPlainText } from './client-messages.ts';
import { decodeClientFrame, decodeServerFrame, encodeClientMessage, ProtocolError } from './codec.ts';
import { isWorthRepeating } from './codes.ts';

const refusalOf = (frame: unknown) => {
  const decoded = decodeClientFrame(typeof frame === 'string' ? frame : JSON.stringify(frame));
  assert.equal(decoded.ok, false, 'the frame must be refused');
  return decoded.ok ? assert.fail() : decoded.refusal;
};

test('a frame that is not JSON is refused as bad_json', () => {
  assert.equal(refusalOf('capture E4').code, 'bad_json');
});

test('a JSON value that is not an object is refused as bad_message', () => {
  for (const frame of [[], null, 7, '"ping"', [{ type: 'ping', t: 1 }]]) {
    assert.equal(refusalOf(JSON.stringify(frame)).code, 'bad_message');
  }
});

test('an unknown type is refused with the id it came with', () => {
  const refusal = refusalOf({ type: 'teleport', id: 'r1' });
  assert.deepEqual([refusal.code, refusal.id], ['unknown_type', 'r1']);
});

test('a message of the server is unknown when a client sends it', () => {
  assert.equal(refusalOf({ type: 'welcome', replica: '1111' }).code, 'unknown_type');
});

test('a wrong field is named, and its value is not repeated', () => {
  const refusal = refusalOf({ type: 'resume', id: 'r1', game: 'ABCDEF', epoch: 'e', seq: '<script>' });
  assert.match(refusal.message, /"seq" of "resume"/);
  assert.doesNotMatch(refusal.message, /script/);
});

test('a field that the message does not have is refused', () => {
  assert.match(refusalOf({ type: 'leave', id: 'r1', game: 'ABCDEF', admin: true }).message, /"admin"/);
});

test('an id that is not usable is not echoed', () => {
  assert.equal(refusalOf({ type: 'leave', id: 'a'.repeat(65), game: 'ABCDEF' }).id, undefined);
});

test('settings are passed on as they are, because the application defines them', () => {
  const create = { type: 'create', id: 'r1', players: 4, colour: 'red' };
  assert.deepEqual(decodeClientFrame(JSON.stringify(create)), { ok: true, message: create });
});

test('settings that are left out get the defaults of a 9x9 game of four in 30 s', () => {
  assert.deepEqual(v.parse(grid.settings, {}), { players: 4, size: 9, seconds: 30 });
});

test('settings out of range are refused', () => {
  for (const wrong of [{ players: 1 }, { players: 9 }, { size: 2 }, { size: 17 }, { seconds: 4 }, { seconds: 301 }]) {
    assert.equal(v.is(grid.settings, wrong), false);
  }
  for (const wrong of [{ players: 2.5 }, { size: null }, { seconds: '30' }]) {
    assert.equal(v.is(grid.settings, wrong), false);
  }
});

test('forbidden characters are removed from typed text, and the rest is accepted', () => {
  assert.equal(toPlainText(' a\u200bb\tc\n\u202ed '), 'ab c d');
  assert.equal(toPlainText('علی\u200cرضا'), 'علی\u200cرضا');
  const typed = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(fc.property(typed, (text) => toPlainText(text) === '' || v.is(plainText(CHAT.length), toPlainText(text))));
});

test('no text makes the decoder throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => typeof decodeClientFrame(text).ok === 'boolean'));
});

test('the decoder returns each message as the client wrote it', () => {
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
  const game = fc.stringMatching(/^[A-HJ-NP-Z2-9]{6}$/);
  const message: fc.Arbitrary<ClientMessageInput> = fc.oneof(
    fc.record({ type: fc.constant('ping' as const), t: fc.nat() }),
    fc.record({ type: fc.constant('capture' as const), id, game, cell: fc.nat(255) }),
    fc.record({ type: fc.constant('resume' as const), id, game, epoch: id, seq: fc.nat() }),
    fc.record({ type: fc.constant('subscribe' as const), id, channel: game, after: fc.nat() }),
  );
  fc.assert(
    fc.property(message, (sent) => {
      const { type, id, game, ...fields } = { ...sent } as Record<string, unknown>;
      const message =
        type === 'capture' ? { type: 'command', id, game, command: { kind: type, ...fields } } : { ...sent };
      assert.deepEqual(decodeClientFrame(encodeClientMessage(sent)), { ok: true, message });
    }),
  );
});

test('a server frame is one message or an array of them in order', () => {
  const pong = (t: number) => ({ type: 'pong', t, now: 5 });
  assert.deepEqual(decodeServerFrame(JSON.stringify(pong(1))), [pong(1)]);
  assert.deepEqual(decodeServerFrame(JSON.stringify([pong(1), pong(2)])), [pong(1), pong(2)]);
});

test('an error code that only a newer server knows is a refusal, not a broken connection', () => {
  const [message] = decodeServerFrame('{"type":"error","id":"r1","code":"too_late","message":"Too late."}');
  assert.deepEqual(message, { type: 'error', id: 'r1', code: 'too_late', message: 'Too late.' });
  assert.equal(isWorthRepeating('too_late'), false);
});

test('a message of an unknown type is skipped, and a malformed message of a known type is refused', () => {
  assert.deepEqual(decodeServerFrame('[{"type":"confetti"},{"type":"pong","t":1,"now":2}]'), [
    { type: 'pong', t: 1, now: 2 },
  ]);
  assert.throws(() => decodeServerFrame('{"type":"pong"}'), ProtocolError);
  assert.throws(() => decodeServerFrame('nonsense'), ProtocolError);
});

test('the schema and the fast path accept and refuse the same commands', () => {
  const move = { type: 'capture', id: 'a-1_Z', game: 'ABC234', cell: 7 };
  const variants: object[] = [
    move,
    { ...move, cell: -1 },
    { ...move, more: { deep: [1] } },
    { ...move, type: 'x'.repeat(32) },
    { ...move, type: 'x'.repeat(33) },
    { ...move, type: 'Capture' },
    { ...move, type: 'a b' },
    { ...move, id: '' },
    { ...move, id: 'x'.repeat(65) },
    { ...move, id: 'ä' },
    { ...move, id: 1 },
    { ...move, game: 'abc234' },
    { ...move, game: 'ABC23' },
    { ...move, game: 'ABC2345' },
    { ...move, game: 'ABC23O' },
    { type: 'capture', id: 'a', game: 'ABC234' },
  ];
  for (const variant of variants) {
    const decoded = decodeClientFrame(JSON.stringify(variant));
    assert.equal(decoded.ok, v.is(Command, variant), JSON.stringify(variant));
    if (!decoded.ok) assert.equal(decoded.refusal.code, 'bad_message');
    if (!decoded.ok) continue;
    const { type: kind, id, game, ...fields } = variant as { type: string; id: string; game: string };
    assert.deepEqual(decoded.message, { type: 'command', id, game, command: { kind, ...fields } });
  }
});

test('a command without a game is a message of an unknown type', () => {
  assert.equal(refusalOf({ type: 'capture', id: 'a', cell: 1 }).code, 'unknown_type');
});

test('an invisible name is refused, and a mark on a letter is not', () => {
  const hidden = [
    '\u3164',
    '\u2800\u2800',
    '\u034f'.repeat(5),
    '\uffa0',
    '\ufe0f',
    '\u115f\u1160',
    ' \u3164 ',
    '\u0301',
  ];
  for (const name of hidden) {
    assert.equal(
      v.safeParse(PlayerName, name).success,
      false,
      [...name].map((c) => c.codePointAt(0)!.toString(16)).join(' '),
    );
    assert.equal(toPlainText(name), '');
  }
  for (const name of ['José', 'Zoe\u0308', '❤\ufe0f', '한글', '👩‍👩‍👧'])
    assert.equal(v.safeParse(PlayerName, name).success, true, name);
});
