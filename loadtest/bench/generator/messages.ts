import type { Absence, CrowdOptions } from './crowd.ts';
import type { Load, Measured } from './workload.ts';

/** What the generator can be asked for, with its arguments and its answer. */
export interface Calls {
  /** A crowd without sockets. */
  gather: { args: [options: CrowdOptions]; answer: void };
  connect: { args: [from: number, to: number]; answer: void };
  seat: { args: [where: 'apart' | 'together']; answer: void };
  listen: { args: []; answer: void };
  play: { args: [load: Load]; answer: Measured };
  say: { args: [load: Load]; answer: Measured };
  /** Plays on until `endFailover`. Only so many groups stay. */
  beginFailover: { args: [groups: number, rate: number]; answer: void };
  /** Waits until everybody of the replica that is gone, so many, is back, and then a while. */
  endFailover: { args: [affected: number]; answer: { measured: Measured; absences: Absence[] } };
  /** How many players each replica has. */
  replicas: { args: []; answer: Record<string, number> };
  problems: { args: []; answer: Record<string, number> };
  disperse: { args: []; answer: void };
}
export type CallName = keyof Calls;

export type Request = { [Name in CallName]: { id: number; name: Name; args: Calls[Name]['args'] } }[CallName];
export type Response =
  | { id: number; answer: unknown }
  | { id: number; error: string }
  | { id: number; window: 'begin' | 'end' };
