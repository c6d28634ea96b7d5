import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../testing/random.ts';
import { EventStream, type StreamEvent } from './event-source.ts';

function eventsOf(...pieces: string[]): StreamEvent[] {
  const events: StreamEvent[] = [];
  const stream = new EventStream((event) => events.push(event));
  for (const piece of pieces) stream.feed(piece);
  return events;
}

const TEXT =
  'event: open\ndata: {"a":1}\n\n:\n\nid: 1\ndata: {"text":"a: b\\n"}\n\nid: 2\r\ndata: one\r\ndata: two\r\n\r\n';
const EVENTS = [
  { type: 'open', id: '', data: '{"a":1}' },
  { type: '', id: '1', data: '{"text":"a: b\\n"}' },
  { type: '', id: '2', data: 'one\ntwo' },
];

test('events are read as the standard says, and comments are skipped', () => {
  assert.deepEqual(eventsOf(TEXT), EVENTS);
});

test('wherever a stream is cut into pieces, the events are the same', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 300; round += 1) {
    const pieces: string[] = [];
    for (let rest = TEXT; rest !== ''; ) {
      const length = 1 + Math.floor(random() * 12);
      pieces.push(rest.slice(0, length));
      rest = rest.slice(length);
    }
    assert.deepEqual(eventsOf(...pieces), EVENTS);
  }
});

test('an incomplete event is dropped', () => {
  assert.deepEqual(eventsOf('id: 1\ndata: half'), []);
});
