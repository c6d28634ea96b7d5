import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLIENT_MESSAGE_TYPES } from './client-messages.ts';
import { decodeClientFrame, decodeServerFrame } from './codec.ts';
import { CLOSE_CODES, ERROR_CODES } from './codes.ts';
import { applyEvent } from './fold.ts';
import { GameEvent, type GameState } from './game-types.ts';
import { LIMITS } from './limits.ts';
import { ServerMessage } from './server-messages.ts';

const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
const transcript = readme.split('\n').filter((line) => /^[<>] /.test(line));

test('every frame of the transcript is one that the schemas accept', () => {
  assert.ok(transcript.length > 20);
  for (const line of transcript) {
    const frame = line.slice(2);
    if (line.startsWith('>')) assert.deepEqual(decodeClientFrame(frame), { ok: true, message: JSON.parse(frame) });
    else assert.deepEqual(decodeServerFrame(frame), [JSON.parse(frame)].flat());
  }
});

test('the events of the transcript follow its snapshot without a gap', () => {
  let state: GameState | undefined;
  let seq = 0;
  for (const line of transcript.filter((each) => each.startsWith('<'))) {
    for (const message of decodeServerFrame(line.slice(2))) {
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

test('the limits are those of the code', () => {
  const rows = readme.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| ([\d, ]+) \|/gm);
  const told = [...rows].flatMap(([, names = '', values = '']) => {
    const numbers = values.split(', ').map(Number);
    return names.split(', ').map((name, index) => [name.slice(1, -1), numbers[index]] as const);
  });
  assert.ok(told.length >= 9);
  for (const [name, value] of told) assert.equal(value, LIMITS[name as keyof typeof LIMITS], name);
});

test('every kind of event and every message of either side is in a table', () => {
  for (const { entries } of GameEvent.options)
    assert.match(readme, new RegExp(`^\\| \`${entries.kind.literal}\` \\|`, 'm'));
  for (const type of CLIENT_MESSAGE_TYPES) assert.match(readme, new RegExp(`^\\| \`${type}\` \\|`, 'm'));
  for (const { entries } of ServerMessage.options) {
    assert.match(readme, new RegExp(`^\\| (\`\\w+\`, )*\`${entries.type.literal}\`[, ]`, 'm'));
  }
});

test('the tables of codes say what the code says', () => {
  for (const [code, { retry, meaning }] of Object.entries(ERROR_CODES)) {
    assert.ok(readme.includes(`| \`${code}\` | ${retry ? 'yes' : 'no'} | ${meaning} |`), code);
  }
  for (const [name, { code, advice, meaning }] of Object.entries(CLOSE_CODES)) {
    assert.ok(readme.includes(`| ${code} | \`${name}\` | ${advice} | ${meaning} |`), name);
  }
});
