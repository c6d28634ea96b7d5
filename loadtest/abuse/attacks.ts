// Every attack, by name.
import type { Attack } from './attack.ts';
import { deafPeers, halfOpenRequests, refusedRequests } from './connection-attacks.ts';
import { codeGuessing, createAndLeave, roamingPlayer } from './player-attacks.ts';

export const ATTACKS = {
  createAndLeave,
  refusedRequests,
  roamingPlayer,
  codeGuessing,
  halfOpenRequests,
  deafPeers,
} satisfies Record<string, Attack>;
export type AttackName = keyof typeof ATTACKS;
export const ATTACK_NAMES = Object.keys(ATTACKS) as AttackName[];
