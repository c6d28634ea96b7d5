import assert from 'node:assert/strict';
import type { Writable } from 'node:stream';
import { test } from 'node:test';
import * as ws from 'ws';
import { textFrame } from './packet.ts';

// The receiver of ws, which its types do not name.
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable };

test('a frame of any length is read as the text it holds', async () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]) {
    const text = 'é'.repeat(length >> 1) + 'x'.repeat(length % 2);
    assert.equal(Buffer.byteLength(text), length);
    const receiver = new Receiver({ isServer: false });
    const read = new Promise((resolve) => receiver.on('message', (data: Buffer) => resolve(String(data))));
    receiver.write(textFrame(text));
    assert.equal(await read, text);
  }
});
