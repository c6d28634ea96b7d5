import { LIMITS, toPlainText } from '../../protocol/index.ts';

const ADJECTIVES = [
  'Brave',
  'Calm',
  'Clever',
  'Eager',
  'Gentle',
  'Keen',
  'Lucky',
  'Nimble',
  'Quick',
  'Quiet',
  'Sunny',
  'Wise',
];
const ANIMALS = [
  'Badger',
  'Crane',
  'Falcon',
  'Fox',
  'Hare',
  'Heron',
  'Lynx',
  'Marten',
  'Otter',
  'Raven',
  'Robin',
  'Wolf',
];

/** Gives a whole number from 0 up to but not including `below`. */
export type Pick = (below: number) => number;

/** A name for a guest who has not chosen one. */
export const proposeName = (pick: Pick): string =>
  `${ADJECTIVES[pick(ADJECTIVES.length)]} ${ANIMALS[pick(ANIMALS.length)]}`;

/** The name in a typed text, as the server accepts it; empty when there is none. */
export const readName = (typed: string): string =>
  toPlainText([...toPlainText(typed)].slice(0, LIMITS.nameLength).join(''));
