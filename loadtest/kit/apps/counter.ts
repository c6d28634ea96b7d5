import { type CounterEvent, counter } from '../../../services/apps/counter/counter.ts';
import type { Chapter } from '../chapters.ts';
import type { Violation } from '../history.ts';
import type { AppUnderTest } from './app-under-test.ts';

const MOST_TIMES = 9;
const RESETS = 0.02;

/** The counter: its value is the sum of the numbers added since it was last at zero. */
export const counterUnderTest: AppUnderTest<typeof counter> = {
  type: counter,
  settings: () => ({ step: 3 }),
  isReady: (state, players) => state.players.length === players,
  next: (_, random) => {
    if (random.next() < RESETS) return { kind: 'reset' };
    return { kind: 'add', times: random.between(1, MOST_TIMES) };
  },
  faultsIn: sumFaults,
};

function sumFaults({ game, epoch, events, states }: Chapter): Violation[] {
  const faults: Violation[] = [];
  const begin = events.has(1) ? { seq: 0, value: 0 } : { seq: states[0]?.seq ?? 0, value: states[0]?.state.value ?? 0 };
  let { value } = begin;
  let seq = begin.seq;
  for (const { seq: place, state, player } of states) {
    while (seq < place && events.has(seq + 1)) {
      seq += 1;
      value = sum(value, events.get(seq)!.event);
    }
    // No client saw some of the events before it.
    if (seq < place) [seq, value] = [place, state.value];
    if (state.value === value) continue;
    const detail = `game ${game} epoch ${epoch} seq ${place}: the value is ${state.value}, the sum ${value}`;
    faults.push({ fault: 'rule', player, detail });
  }
  return faults;
}

function sum(value: number, event: CounterEvent): number {
  if (event.kind === 'cleared') return 0;
  return event.kind === 'added' ? value + event.amount : value;
}
