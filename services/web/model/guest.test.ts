import { test } from 'node:test';
import fc from 'fast-check';
import * as v from 'valibot';
import { PlayerName } from '../../protocol/index.ts';
import { proposeName } from './guest.ts';

const pick = fc.func(fc.nat()).map((next) => {
  let calls = 0;
  return (below: number) => next(calls++) % below;
});

test('every proposed name is one that the server accepts', () => {
  fc.assert(fc.property(pick, (choose) => v.is(PlayerName, proposeName(choose))));
});
