import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type * as v from 'valibot';
import { applyEvent, CHAT, GameEvent, GameState, GRID_LIMITS, type GridMessage } from '../apps/grid/grid.ts';
import { CLIENT_MESSAGE_TYPES, KernelMessage } from './client-messages.ts';
import { decodeClientFrame, decodeServerFrame } from './codec.ts';
import { CLOSE_CODES, CLOSE_MEANINGS, type CloseName, ERROR_CODES } from './codes.ts';
import { LIMITS } from './limits.ts';
import { ServerMessage } from './server-messages.ts';
import { SessionAnswer, SessionEnd, SessionRequest } from './session.ts';
import { Close, PollHead, PollRequest, SEND_BYTES, SEND_MESSAGES, SendRequest, StreamOpen } from './transports.ts';

const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
const transcript = readme.split('\n').filter((line) => /^[<>] /.test(line));

/** As the decoder returns it: the fields of a game's command are separate. */
function messageOf({ type, id, game, ...fields }: Record<string, unknown>) {
  if (type !== 'capture')
    return { type, ...(id === undefined ? {} : { id }), ...(game === undefined ? {} : { game }), ...fields };
  return { type: 'command', id, game, command: { kind: type, ...fields } };
}

test('the schemas accept every frame of the transcript', () => {
  assert.ok(transcript.length > 20);
  for (const line of transcript) {
    const frame = line.slice(2);
    if (line.startsWith('>'))
      assert.deepEqual(decodeClientFrame(frame), { ok: true, message: messageOf(JSON.parse(frame)) });
    else assert.deepEqual(decodeServerFrame(frame), [JSON.parse(frame)].flat());
  }
});

test('the events of the transcript follow its snapshot without a gap', () => {
  let state: GameState | undefined;
  let seq = 0;
  for (const line of transcript.filter((each) => each.startsWith('<'))) {
    for (const message of decodeServerFrame(line.slice(2)) as GridMessage[]) {
      if (message.type === 'snapshot') [state, seq] = [message.state, message.seq];
      if (message.type !== 'event') continue;
      assert.equal(message.seq, (seq += 1));
      state = applyEvent(state, message.event, message.at);
    }
  }
  assert.equal(state?.status, 'completed');
  assert.deepEqual(
    state?.players.map((player) => player.score),
    [1, 1],
  );
});

test('the limits match the code', () => {
  const rows = readme.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| ([\d, ]+) \|/gm);
  const told = [...rows].flatMap(([, names = '', values = '']) => {
    const numbers = values.split(', ').map(Number);
    return names.split(', ').map((name, index) => [name.slice(1, -1), numbers[index]] as const);
  });
  assert.ok(told.length >= 9);
  for (const [name, value] of told) assert.equal(value, LIMITS[name as keyof typeof LIMITS], name);
});

test('the bounds in the text match the code', () => {
  const grouped = (value: number) => value.toLocaleString('en-US');
  const text = readme.replace(/\s+/g, ' ');
  assert.ok(text.includes(`has at most ${grouped(SEND_BYTES)} bytes and ${SEND_MESSAGES} messages`));
  assert.ok(text.includes(`a frame of at most ${grouped(LIMITS.messageBytes)} bytes`));
  assert.ok(text.includes(`exactly what you missed (${grouped(LIMITS.resumeWindowMs)})`));
  assert.ok(text.includes(`The ${LIMITS.badMessagesPerMinute + 1}st is still answered`));
  assert.ok(text.includes(`at most the last ${CHAT.history};`));
  assert.ok(text.includes(`up to ${LIMITS.presenceListed} of them`));
  for (const name of ['players', 'size', 'seconds'] as const) {
    const { min, max, default: standard } = GRID_LIMITS[name];
    assert.ok(text.includes(`\`${name}?\` ${min}–${max} (${standard})`), name);
  }
});

test('every kind of event and every message of either side is in a table', () => {
  for (const { entries } of GameEvent.options)
    assert.match(readme, new RegExp(`^\\| \`${entries.kind.literal}\` \\|`, 'm'));
  for (const type of CLIENT_MESSAGE_TYPES) assert.match(readme, new RegExp(`^\\| \`${type}\` \\|`, 'm'));
  for (const { entries } of ServerMessage.options) {
    assert.match(readme, new RegExp(`^\\| (\`\\w+\`, )*\`${entries.type.literal}\`[, ]`, 'm'));
  }
});

test('the tables of codes match the code', () => {
  for (const [code, { retry, meaning }] of Object.entries(ERROR_CODES)) {
    assert.ok(readme.includes(`| \`${code}\` | ${retry ? 'yes' : 'no'} | ${meaning} |`), code);
  }
  for (const [name, { code, advice }] of Object.entries(CLOSE_CODES)) {
    const meaning = CLOSE_MEANINGS[name as CloseName];
    assert.ok(readme.includes(`| ${code} | \`${name}\` | ${advice} | ${meaning} |`), name);
  }
});

/**
 * Every field of an object, including nested ones, and whether it may be absent. `state` and `event` have separate
 * tables.
 */
function fieldsOf(entries: v.ObjectEntries): (readonly [name: string, isOptional: boolean])[] {
  return Object.entries(entries).flatMap(([name, entry]) => {
    if (name === 'type') return [];
    const isOptional = entry.type === 'optional';
    const inner = innerOf(isOptional ? (entry as unknown as { wrapped: v.GenericSchema }).wrapped : entry);
    return [[name, isOptional] as const, ...(inner && name !== 'state' ? fieldsOf(inner) : [])];
  });
}

function innerOf(schema: v.GenericSchema): v.ObjectEntries | undefined {
  const { entries, item } = schema as { entries?: v.ObjectEntries; item?: v.GenericSchema };
  return entries ?? (item && innerOf(item));
}

/** The fields that a table cell names in code, and whether a question mark follows each. */
const namedIn = (cell: string) =>
  [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) =>
    [...code.matchAll(/([A-Za-z]\w*)(\??)/g)].map(([, name = '', mark]) => [name, mark === '?'] as const),
  );

for (const [side, heading, schema] of [
  ['client', '| you send |', KernelMessage],
  ['server', '| the server sends |', ServerMessage],
] as const) {
  for (const { entries } of schema.options) {
    const type = entries.type.literal;
    test(`the README names every field of "${type}" of the ${side}, and marks those that may be absent`, () => {
      const table = readme.slice(readme.indexOf(heading)).split('\n\n')[0]!;
      const row = table.split('\n').find((line) => line.startsWith(`| \`${type}\` |`));
      const named = namedIn(row?.split(' | ')[1] ?? assert.fail(`there is no row for "${type}"`));
      for (const [name, isOptional] of fieldsOf(entries)) {
        assert.ok(
          named.some(([other, mark]) => other === name && mark === isOptional),
          `${type}.${name}${isOptional ? '?' : ''}: ${JSON.stringify(named)}`,
        );
      }
    });
  }
}

test('the README names every field of a session and of the requests that replace a WebSocket', () => {
  const schemas = { SessionRequest, SessionAnswer, SessionEnd, PollRequest, SendRequest, PollHead, StreamOpen, Close };
  for (const [schema, { entries }] of Object.entries(schemas)) {
    for (const name of Object.keys(entries)) assert.match(readme, new RegExp(`["\`]${name}["\`]`), `${schema}.${name}`);
  }
});

test('the README names every field of a game and of its events', () => {
  for (const name of Object.keys(GameState.entries)) assert.match(readme, new RegExp(`\`${name}\\??[ \`]`), name);
  for (const { entries } of GameEvent.options) {
    const kind = entries.kind.literal;
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${kind}\` |`)) ?? '';
    const named = namedIn(row.split(' | ')[1] ?? '').map(([name]) => name);
    for (const name of Object.keys(entries)) if (name !== 'kind') assert.ok(named.includes(name), `${kind}.${name}`);
  }
});
