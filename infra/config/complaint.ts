import type { Key, Values } from './keys.ts';

/** Two keys that disagree. */
export interface Complaint {
  /** The keys that disagree; the message names the place of the first that is set anywhere. */
  keys: readonly Key[];
  problem: string;
  remedy: string;
}

/** `given`: the keys that somebody set, encrypted ones among them. */
export type Check = (values: Values, given: ReadonlySet<Key>) => Complaint | undefined;

/** One key that another one needs. */
export const needs = (because: Key, problem: string, key: string, example: string): Complaint => ({
  keys: [because],
  problem: `${problem} needs ${key}`,
  remedy: `set it to ${example}`,
});
