import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routedGame } from './handshake.ts';

test('the game in an address is the first one that is written plainly, as the edge reads it', () => {
  for (const [url, game] of [
    ['/ws?game=K7QWPM', 'K7QWPM'],
    ['/ws?slot=0&game=K7QWPM&attempt=abcdefgh.1', 'K7QWPM'],
    ['/ws?slot=0;game=K7QWPM', undefined],
    ['/ws?slot=0?game=K7QWPM', undefined],
    ['/ws?game=AAAAAA&game=K7QWPM', 'AAAAAA'],
    ['/ws?slot=0;game=AAAAAA&game=K7QWPM', 'K7QWPM'],
    ['/ws?game=&game=K7QWPM', undefined],
    ['/ws?game=%4B7QWPM', undefined],
    ['/ws?ga%6De=K7QWPM', undefined],
    ['/ws?again=1&mygame=K7QWPM', undefined],
    ['/ws?game=k7qwpm', undefined],
    ['/ws/game=K7QWPM', undefined],
    ['/ws', undefined],
    [undefined, undefined],
  ] as const)
    assert.equal(routedGame(url), game, url);
});
