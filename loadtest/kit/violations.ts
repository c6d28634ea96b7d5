import type { PlayerRef } from '../../services/protocol/index.ts';
import type { AppUnderTest } from './apps/app-under-test.ts';
import { chaptersOf } from './chapters.ts';
import type { ClientHistory, Violation } from './history.ts';
import { judge } from './judge.ts';
import { sequenceFaults, wireFaults } from './sequences.ts';

/**
 * The violations in the histories of all clients of some games of an application; empty when there are none.
 *
 * - gap, duplicate: one client's seq numbers of a game are not consecutive within an epoch, or on one of its sockets
 * - applied twice: a command is in an epoch twice
 * - order: two clients saw different events at the same place
 * - lost: an acknowledged command is not at its place in the common history, or a later state is without it
 * - lost tail: the epoch that followed, by which it was announced, began without an acknowledged command
 * - state: a client, or a stranger who looked, has another state than the events before it give
 * - unasked: an event that no command of a player and nothing of the platform explains
 * - rule: what the application itself promises does not hold
 */
export function findViolations(histories: readonly ClientHistory[], app: AppUnderTest): Violation[] {
  const { chapters, faults } = chaptersOf(histories);
  const players: PlayerRef[] = histories.map(({ player, name }) => ({ id: player, name }));
  return [
    ...histories.flatMap(sequenceFaults),
    ...histories.flatMap(({ player, received = [] }) => wireFaults(received).map((fault) => ({ ...fault, player }))),
    ...faults,
    ...judge(chapters, players, app),
    ...chapters.flatMap((chapter) => app.faultsIn(chapter)),
  ];
}
