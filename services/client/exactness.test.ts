import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { repetitions } from '../../tests/kit/repetitions.ts';
import { capture, FREE, grid } from '../apps/grid/grid.ts';
import { GridlockClient } from './client.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';
import { seededRandom } from './testing/random.ts';
import { SimulatedServer } from './testing/simulated-server.ts';

const GAME = 'ABCDEF';
const SIZE = 5;

const cell = fc.nat(SIZE * SIZE - 1);
type Action =
  | { do: 'capture'; cell: number }
  | { do: 'rival'; cell: number }
  | { do: 'pass'; ms: number }
  | { do: 'cut'; code: number }
  | { do: 'fault'; fault: 'lose' | 'repeat' }
  | { do: 'refuse'; code: 'unavailable' | 'rate_limited' }
  | { do: 'trim'; epoch: string | undefined };

const weighted = (weight: number, arbitrary: fc.Arbitrary<Action>) => ({ weight, arbitrary });
const step = fc.oneof(
  weighted(
    6,
    cell.map((cell) => ({ do: 'capture', cell })),
  ),
  weighted(
    4,
    cell.map((cell) => ({ do: 'rival', cell })),
  ),
  weighted(
    6,
    fc.integer({ min: 1, max: 400 }).map((ms) => ({ do: 'pass', ms })),
  ),
  weighted(
    2,
    fc.constantFrom(1006, 1012, 1011, 4401, 4413).map((code) => ({ do: 'cut', code })),
  ),
  weighted(
    2,
    fc.constantFrom('lose' as const, 'repeat' as const).map((fault) => ({ do: 'fault', fault })),
  ),
  weighted(
    1,
    fc.constantFrom('unavailable' as const, 'rate_limited' as const).map((code) => ({ do: 'refuse', code })),
  ),
  weighted(
    1,
    fc.constantFrom(undefined, 'e2', 'e3').map((epoch) => ({ do: 'trim', epoch })),
  ),
);

interface Outcome {
  readonly cell: number;
  readonly seq: number | undefined;
}

test('whatever is cut, lost or repeated, the state is correct and has each acknowledged command once', async () => {
  let acknowledged = 0;
  let reconnects = 0;
  let snapshots = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(), async (steps, seed) => {
      const clock = new FakeClock();
      const server = new SimulatedServer(clock, { players: 2, size: SIZE, seconds: 300 });
      const client = new GridlockClient(server.platform(seededRandom(seed)), { room: grid });
      const errors: string[] = [];
      const applied: { epoch: string; seq: number; replaced: boolean }[] = [];
      client.on('error', ({ code, message }) => code === 'protocol_error' && errors.push(message));
      client.on('room', (room) => {
        room.on('event', ({ epoch, seq }) => void applied.push({ epoch, seq, replaced: false }));
        room.on('snapshot', ({ epoch, seq, recovered }) => {
          applied.push({ epoch, seq, replaced: true });
          if (!recovered) snapshots++;
        });
      });
      const outcomes: Outcome[] = [];

      void client.connect();
      await clock.advance(100);
      const joined = client.join(GAME);
      await clock.advance(100);
      const room = await joined;
      for (const action of steps) {
        if (action.do === 'capture') {
          room.send(capture(action.cell)).then(
            ({ seq }) => outcomes.push({ cell: action.cell, seq }),
            () => outcomes.push({ cell: action.cell, seq: undefined }),
          );
        } else if (action.do === 'rival') server.rival(action.cell);
        else if (action.do === 'cut') server.cut(action.code);
        else if (action.do === 'fault') server.faults.push(action.fault);
        else if (action.do === 'refuse') server.refusals.push(action.code);
        else if (action.do === 'trim') server.trim(action.epoch);
        else await clock.advance(action.ms);
      }
      // The faults end. The next event shows what is missing, without a new connection;
      server.faults.length = 0;
      server.refusals.length = 0;
      await clock.advance(40_000);
      const free = server.state!.cells.indexOf(FREE);
      if (free !== -1) {
        server.rival(free);
        await clock.advance(1_000);
        assert.deepEqual(room.state, server.state);
      }
      // if no event follows, the next connection shows it.
      server.cut();
      await clock.advance(60_000);
      await settle();

      assert.equal(client.room(GAME), room);
      assert.deepEqual(room.state, server.state);
      assert.deepEqual(room.predicted, server.state, 'the prediction is the state');
      assert.deepEqual([room.epoch, room.seq], [server.epoch, server.history.length]);
      for (const outcome of outcomes) {
        if (outcome.seq === undefined) continue;
        acknowledged++;
        const event = server.history[outcome.seq - 1]?.event;
        const there = event?.kind === 'captured' && event.seat === 0 && event.cell === outcome.cell;
        assert.ok(there, 'an acknowledged capture is lost');
      }
      const taken = server.history.flatMap(({ event }) => (event.kind === 'captured' ? [event.cell] : []));
      assert.equal(new Set(taken).size, taken.length);
      const asked = steps.filter((action) => action.do === 'capture').length;
      assert.equal(outcomes.length, asked, 'every promise has settled');
      for (const [index, { epoch, seq, replaced }] of applied.entries()) {
        const before = applied[index - 1];
        if (replaced) continue;
        assert.deepEqual([epoch, seq], [before?.epoch, (before?.seq ?? 0) + 1], 'events are emitted without a gap');
      }
      assert.deepEqual(errors, []);
      reconnects += client.health.reconnects;
      client.close();
      assert.equal(clock.running - server.running, 0);
    }),
    { numRuns: repetitions(400, 5000) },
  );
  // A run in which nothing happened would show nothing.
  assert.ok(acknowledged > 500 && reconnects > 500 && snapshots > 80, `${acknowledged} ${reconnects} ${snapshots}`);
});
