import { count } from '../model/format.ts';
import { missed, type Target, type Trial } from './trial.ts';

/** One result of a trial, in a few words. */
export interface Fact {
  readonly id: 'socket' | 'part' | 'replica' | 'serial' | 'missed' | 'problem';
  readonly name: string;
  readonly value: string;
  /** The result is worse than it should be. */
  readonly isBad?: boolean;
}

export function titleOf({ target, replica }: Pick<Trial, 'target' | 'replica'>): string {
  const titles: Readonly<Record<Target, string>> = {
    replica: `Replica ${replica ?? ''} killed`,
    redis: 'Redis killed',
    edge: 'Edge restarted',
    certificate: 'Certificate rotated',
    network: 'Network cut for 5 s',
  };
  return titles[target];
}

/** The facts of a trial, as far as they are known; `offsetMs` turns a time of the page's clock into a time of day. */
export function factsOf(trial: Trial, offsetMs: number): readonly Fact[] {
  if (trial.problem !== undefined) return [{ id: 'problem', name: 'Not done', value: trial.problem, isBad: true }];
  return [socketFact(trial, offsetMs), ...partFacts(trial), missedFact(trial)];
}

function socketFact({ lostAt, backAt, state, target }: Trial, offsetMs: number): Fact {
  const fact = { id: 'socket', name: 'Socket' } as const;
  if (lostAt === undefined) {
    const stays = state === 'over' || target === 'redis' || target === 'certificate';
    return { ...fact, value: stays ? 'stayed open' : '…' };
  }
  const at = timeOfDay(lostAt + offsetMs);
  return {
    ...fact,
    value: `lost at ${at}, ${backAt === undefined ? 'not back yet' : `back after ${span(backAt - lostAt)}`}`,
  };
}

function partFacts({ target, strike, replica, replicaAfter }: Trial): Fact[] {
  const facts: Fact[] = [];
  if (replicaAfter !== undefined && target !== 'network')
    facts.push({ id: 'replica', name: 'Replica', value: `${replica} → ${replicaAfter}` });
  if (strike?.serials) {
    const { before, after } = strike.serials;
    facts.push({ id: 'serial', name: 'Serial', value: `${short(before)} → ${short(after)}` });
  }
  const name = { replica: `${replica} itself`, redis: 'Redis', edge: 'Edge', certificate: '', network: '' }[target];
  if (name !== '' && strike?.backAfterMs !== undefined)
    facts.push({ id: 'part', name, value: `back after ${span(strike.backAfterMs)}` });
  return facts;
}

function missedFact({ tally, state }: Trial): Fact {
  const number = missed(tally);
  const of = `of ${count(tally.to - tally.from, 'event')}`;
  const value = state === 'under way' ? `${number} so far` : `${number} ${of}`;
  return { id: 'missed', name: 'Events missed', value, isBad: number > 0 };
}

/** `812 ms`, `5.03 s` */
const span = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`);

const short = (serial: string): string => `…${serial.slice(-4)}`;

/** `14:03:21.512` in the time of the reader. */
function timeOfDay(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
