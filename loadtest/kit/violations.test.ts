import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { capture } from '../../services/apps/grid/grid.ts';
import { APPS_UNDER_TEST, type AppName, appUnderTest } from './apps/index.ts';
import type { ClientHistory, Fault } from './history.ts';
import { ANN, BEN, EPOCH, GAME, type Move, PlayedRoom } from './testing/played-room.ts';
import { findViolations } from './violations.ts';

const add = (times: number) => ({ kind: 'add', times });

/** Three moves of each application, and an event that does the last of them once more. */
const PLAYS: Record<AppName, { settings: object; moves: Move[]; again: object }> = {
  grid: {
    settings: { players: 2, size: 3, seconds: 10 },
    moves: [
      { player: ANN, command: capture(4) },
      { player: BEN, command: capture(0) },
      { player: ANN, command: capture(8) },
    ],
    again: { kind: 'captured', player: 'pA', seat: 0, cell: 8, scores: [3, 1] },
  },
  counter: {
    settings: { step: 3 },
    moves: [
      { player: ANN, command: add(2) },
      { player: BEN, command: add(5) },
      { player: ANN, command: add(4) },
    ],
    again: { kind: 'added', player: 'pA', amount: 12 },
  },
};

for (const name of APPS_UNDER_TEST) {
  const { settings, moves, again } = PLAYS[name];
  const app = appUnderTest(name);
  const play = () => new PlayedRoom(app, settings, moves);
  const faultsOf = (all: ClientHistory[]): Fault[] => [...new Set(findViolations(all, app).map(({ fault }) => fault))];
  /** The last move, and the one before it. */
  const LAST = play().seq;
  const BEFORE = LAST - 1;

  describe(name, () => {
    test('a faultless history has no violation', () => {
      assert.deepEqual(findViolations(play().histories(), app), []);
      assert.deepEqual(findViolations(play().seenAs(play().state), app), []);
    });

    test('a missing event is a gap', () => {
      assert.deepEqual(faultsOf(play().histories((observed) => observed.toSpliced(BEFORE - 1, 1))), ['gap']);
    });

    test('an event seen twice is a duplicate', () => {
      const all = play().histories((observed) => observed.toSpliced(LAST - 1, 0, observed[BEFORE - 1]!));
      assert.deepEqual(faultsOf(all), ['duplicate']);
    });

    test('two clients that saw different events at one place disagree on the order', () => {
      const swapped = play().histories((observed) => {
        const [left, right] = [observed[BEFORE - 1], observed[LAST - 1]];
        if (left?.kind !== 'event' || right?.kind !== 'event') return assert.fail();
        return observed
          .with(BEFORE - 1, { ...left, event: right.event })
          .with(LAST - 1, { ...right, event: left.event });
      });
      assert.ok(faultsOf(swapped).includes('order'));
    });

    test('an acknowledged command that nobody saw is lost', () => {
      const all = play()
        .histories()
        .map((each) => ({ ...each, observed: each.observed.slice(0, BEFORE) }));
      assert.deepEqual(faultsOf(all), ['lost']);
    });

    test('an acknowledged command at a place where another event is was lost', () => {
      const [ann, ben] = play().histories();
      const acknowledged = ann!.acknowledged.map((one) => (one.seq === LAST ? { ...one, seq: BEFORE } : one));
      assert.ok(faultsOf([{ ...ann!, acknowledged }, ben!]).includes('lost'));
    });

    test('two commands acknowledged with one event are a loss', () => {
      const [ann, ben] = play().histories();
      const acknowledged = [...ann!.acknowledged, ann!.acknowledged.at(-1)!];
      assert.deepEqual(faultsOf([{ ...ann!, acknowledged }, ben!]), ['lost']);
    });

    test('a command that is in the history twice was applied twice', () => {
      const room = play();
      assert.ok(faultsOf(room.histories((observed) => [...observed, room.observe(again)])).includes('applied twice'));
    });

    test('a command of unknown fate may have happened, once', () => {
      const [ann, ben] = play().histories();
      const open = [{ game: GAME, command: moves[2]!.command }];
      const unknown = { ...ann!, acknowledged: ann!.acknowledged.slice(0, 1) };
      assert.deepEqual(faultsOf([{ ...unknown, open }, ben!]), []);
      assert.deepEqual(faultsOf([unknown, ben!]), ['unasked']);
      const room = play();
      const twice = room.histories((observed) => [...observed, room.observe(again)]);
      const spent = { ...twice[0]!, acknowledged: unknown.acknowledged, open };
      assert.ok(faultsOf([spent, twice[1]!]).includes('unasked'));
    });

    test('a state of the same epoch without an acknowledged command has lost it', () => {
      const room = play();
      const stale = room.states[BEFORE];
      assert.ok(faultsOf(room.seenAs(stale)).includes('lost'));
      assert.deepEqual(faultsOf(room.seenAs(stale, BEFORE)), []);
    });

    test('a state that the events do not give is reported', () => {
      const room = play();
      const [ann] = app.type.members(room.state);
      const key = name === 'grid' ? 'createdAt' : 'step';
      assert.deepEqual(faultsOf(room.seenAs({ ...room.state, [key]: 77 })), ['state'], ann!.id);
    });

    test('a snapshot after a gap is not a gap, and a snapshot that goes back in time is a duplicate', () => {
      const room = play();
      const snapshot = (seq: number) => ({
        kind: 'snapshot' as const,
        game: GAME,
        epoch: EPOCH,
        seq,
        state: room.states[seq],
      });
      const resumed = room.histories((observed) => [observed[0]!, snapshot(BEFORE), observed[LAST - 1]!]);
      assert.deepEqual(findViolations(resumed, app), []);
      assert.deepEqual(faultsOf(room.histories((observed) => [...observed, snapshot(2)])), ['duplicate']);
    });

    test('an acknowledged command that nobody saw is not lost when a later state has it', () => {
      const room = play();
      const snapshot = { kind: 'snapshot' as const, game: GAME, epoch: EPOCH, seq: LAST, state: room.state };
      const all = room.histories().map((each) => ({ ...each, observed: [each.observed[0]!, snapshot] }));
      assert.deepEqual(findViolations(all, app), []);
    });

    test('an event that a socket repeated or left out is reported although the client corrected it', () => {
      const room = play();
      const received = room.events.map(({ game, epoch, seq }) => ({ kind: 'event' as const, game, epoch, seq }));
      const over = (brought: typeof received) =>
        faultsOf(room.histories().map((each) => ({ ...each, received: brought })));
      assert.deepEqual(over(received), []);
      assert.deepEqual(over(received.toSpliced(3, 0, received[2]!)), ['duplicate']);
      assert.deepEqual(over(received.toSpliced(3, 1)), ['gap']);
    });

    /** After the events the room goes on in another epoch, from the state after this many of them. */
    const followed = (kept: number, at = kept): ClientHistory[] => {
      const room = play();
      const place = { game: GAME, epoch: 'f' };
      const state = room.states[kept];
      const command = name === 'grid' ? capture(1) : add(7);
      const { events } = app.type.decide(state, command, { now: 50, player: BEN });
      return room.histories().map((each) => ({
        ...each,
        observed: [
          ...each.observed,
          { kind: 'snapshot', ...place, seq: at, state },
          { kind: 'event', ...place, seq: at + 1, at: 50, event: events[0] },
        ],
        acknowledged:
          each.player === BEN.id ? [...each.acknowledged, { ...place, seq: at + 1, command }] : each.acknowledged,
      }));
    };

    test('an epoch that follows goes on from its snapshot', () => {
      assert.deepEqual(findViolations(followed(LAST), app), []);
    });

    test('an acknowledged command that nobody saw before the next epoch is not lost when that has it', () => {
      const all = followed(LAST).map((each) => ({ ...each, observed: each.observed.toSpliced(LAST - 1, 1) }));
      assert.deepEqual(findViolations(all, app), []);
    });

    test('an acknowledged command of one epoch that the next one acknowledges again is not lost', () => {
      const all = followed(LAST).map((each) => ({
        ...each,
        acknowledged: each.acknowledged.map((one) => (one.seq === LAST ? { ...one, epoch: 'f' } : one)),
      }));
      assert.deepEqual(findViolations(all, app), []);
    });

    test('an acknowledged command that the next epoch does not have is a lost tail', () => {
      assert.deepEqual(faultsOf(followed(BEFORE)), ['lost tail']);
    });
  });
}

const grid = appUnderTest('grid');
const captured = (seat: number, cell: number, scores: number[]) => ({
  kind: 'captured',
  player: seat === 0 ? 'pA' : 'pB',
  seat,
  cell,
  scores,
});
/** The result of the game's own check for an event after the three moves. */
const withEvent = (event: object) => {
  const { settings, moves } = PLAYS.grid;
  const room = new PlayedRoom(grid, settings, moves);
  const all = room.histories((observed) => [...observed, room.observe(event)]);
  return findViolations(all, grid).flatMap(({ fault, detail }) => (fault === 'rule' ? [detail] : []));
};

test('a cell that two players captured has two owners', () => {
  assert.match(withEvent(captured(1, 8, [2, 2])).join(), /cell 8 had been captured by pA/);
});

test('scores that are not the cells held are reported', () => {
  assert.match(withEvent(captured(1, 1, [2, 5])).join(), /scores 2,5, cells held 2,2/);
});

test('a capture that the epoch after does not hold is a lost tail, though its numbers went on', () => {
  const { settings, moves } = PLAYS.grid;
  const room = new PlayedRoom(grid, settings, moves);
  // The last of the seven events is gone, and another event, which no client saw, has its place.
  const found = findViolations(room.seenAs(room.states[6], 7, EPOCH), grid).map(({ fault }) => fault);
  assert.deepEqual(found, ['lost']);
  const next = room.histories().map((each) => ({
    ...each,
    observed: [...each.observed, { kind: 'snapshot' as const, game: GAME, epoch: 'f', seq: 7, state: room.states[6] }],
  }));
  assert.deepEqual([...new Set(findViolations(next, grid).map(({ fault }) => fault))], ['lost tail']);
});

test('a value that is not the sum of what was added is reported', () => {
  const { settings, moves } = PLAYS.counter;
  const counter = appUnderTest('counter');
  const room = new PlayedRoom(counter, settings, [...moves, { player: BEN, command: { kind: 'reset' } }, ...moves]);
  assert.deepEqual(findViolations(room.seenAs(room.state), counter), []);
  const wrong = findViolations(room.seenAs({ ...room.state, value: 34 }), counter);
  assert.match(wrong.find(({ fault }) => fault === 'rule')!.detail, /the value is 34, the sum 33/);
});

for (const name of APPS_UNDER_TEST) {
  const { settings, moves, again } = PLAYS[name];
  const app = appUnderTest(name);

  describe(`${name}: an epoch that lost its end`, () => {
    /** The last move was seen and not acknowledged; the next epoch began without it, and with `more` after that. */
    const cut = (more: (room: PlayedRoom) => void) => {
      const room = new PlayedRoom(app, settings, moves);
      const last = room.acknowledged.pop()!;
      const next = new PlayedRoom(app, settings, moves.slice(0, -1));
      const from = next.seq;
      next.acknowledged.splice(0);
      more(next);
      const seen = (events: typeof next.events) =>
        events.map((event) => ({ ...event, epoch: 'f' }) as (typeof events)[0]);
      const begin = { kind: 'snapshot' as const, game: GAME, epoch: 'f', seq: from, state: next.states[from] };
      return {
        last,
        histories: room.histories().map((each) => ({
          ...each,
          observed: [...each.observed, begin, ...seen(next.events.slice(from))],
          acknowledged: [
            ...each.acknowledged,
            ...next.acknowledged.flatMap(({ player, ...own }) =>
              player === each.player ? [{ ...own, epoch: 'f' }] : [],
            ),
          ],
        })),
      };
    };

    test('may have done a command that was acknowledged in the next one', () => {
      const { histories } = cut((next) => {
        next.move(BEN, moves[1]!.command.kind === 'capture' ? capture(1) : moves[1]!.command);
        next.move(moves[2]!.player, moves[2]!.command);
      });
      assert.deepEqual(findViolations(histories, app), []);
    });

    test('may have done commands whose places in the next one no client saw', () => {
      const room = new PlayedRoom(app, settings, moves);
      room.acknowledged.splice(-2);
      // The last two were done again in the other order.
      const next = new PlayedRoom(app, settings, [moves[0]!, moves[2]!, moves[1]!]);
      const again = next.acknowledged.slice(-2);
      const begin = { kind: 'snapshot' as const, game: GAME, epoch: 'f', seq: next.seq, state: next.state };
      const histories = room.histories().map((each) => ({
        ...each,
        observed: [...each.observed, begin],
        acknowledged: [
          ...each.acknowledged,
          ...again.flatMap(({ player, ...own }) => (player === each.player ? [{ ...own, epoch: 'f' }] : [])),
        ],
      }));
      assert.deepEqual(findViolations(histories, app), []);
    });

    test('may not have done a command twice that was acknowledged once in the next one', () => {
      const { histories } = cut((next) => next.move(moves[2]!.player, moves[2]!.command));
      const twice = histories.map((each) => {
        const from = each.observed.findIndex(({ epoch }) => epoch === 'f');
        const seq = new PlayedRoom(app, settings, moves).seq + 1;
        const more = { kind: 'event' as const, game: GAME, epoch: EPOCH, seq, at: seq, event: again };
        return { ...each, observed: each.observed.toSpliced(from, 0, more) };
      });
      assert.ok(findViolations(twice, app).some(({ fault }) => fault === 'applied twice' || fault === 'unasked'));
    });

    test('may not have done what no client requested before or after', () => {
      const { histories } = cut(() => {});
      assert.deepEqual([...new Set(findViolations(histories, app).map(({ fault }) => fault))].length, 1);
    });
  });
}

test('a command that the next epoch acknowledges but does not hold is lost', () => {
  const { settings, moves } = PLAYS.grid;
  const room = new PlayedRoom(grid, settings, moves);
  const last = room.acknowledged.pop()!;
  const begin = { kind: 'snapshot' as const, game: GAME, epoch: 'f', seq: room.seq, state: room.states[room.seq - 1] };
  const histories = room.histories().map((each) => ({
    ...each,
    observed: [...each.observed, begin],
    acknowledged: last.player === each.player ? [...each.acknowledged, { ...last, epoch: 'f' }] : each.acknowledged,
  }));
  assert.ok(findViolations(histories, grid).some(({ fault }) => fault === 'lost'));
});
