import type { AppCommand } from '../../../services/protocol/index.ts';
import type { AppUnderTest } from '../apps/app-under-test.ts';
import type { Acknowledged, ClientHistory, Observation } from '../history.ts';

export const GAME = 'AAAAAA';
export const EPOCH = 'e';
export const ANN = { id: 'pA', name: 'Ann' };
export const BEN = { id: 'pB', name: 'Ben' };
export type Player = typeof ANN;

export interface Move {
  readonly player: Player;
  readonly command: AppCommand;
}

/**
 * A room of two players, played by the rules of its application without a server, with the histories of all clients.
 */
export class PlayedRoom {
  readonly app: AppUnderTest;
  readonly events: Observation[] = [];
  readonly acknowledged: (Acknowledged & { player: string })[] = [];
  /** The state after each event; the first is that before the room existed. */
  readonly states: any[] = [undefined];

  constructor(app: AppUnderTest, settings: object, moves: readonly Move[]) {
    this.app = app;
    this.#decide({ kind: 'create', settings } as AppCommand, ANN);
    this.#decide({ kind: 'join' }, BEN);
    for (const { player, command } of moves) this.move(player, command);
  }

  get seq(): number {
    return this.events.length;
  }

  get state(): any {
    return this.states.at(-1);
  }

  move(player: Player, command: AppCommand): void {
    this.acknowledged.push({ player: player.id, game: GAME, epoch: EPOCH, seq: this.seq + 1, command });
    this.#decide(command, player);
  }

  /** An event as seen after the previous ones. */
  observe(event: unknown, seq = this.seq + 1): Observation {
    return { kind: 'event', game: GAME, epoch: EPOCH, seq, at: seq, event };
  }

  /** The records of the two players; a test plants a fault in the first. */
  histories(plant: (observed: Observation[]) => Observation[] = (observed) => observed): ClientHistory[] {
    const historyOf = ({ id, name }: Player, observed: Observation[]): ClientHistory => {
      const acknowledged = this.acknowledged.filter(({ player }) => player === id).map(({ player: _, ...own }) => own);
      return { player: id, name, observed, final: [], acknowledged, open: [] };
    };
    return [historyOf(ANN, plant([...this.events])), historyOf(BEN, [...this.events])];
  }

  /** The two players, and a stranger who looked at the room and saw that state. */
  seenAs(state: unknown, seq = this.seq, epoch = EPOCH): ClientHistory[] {
    const final = [{ game: GAME, epoch, seq, state }];
    return [...this.histories(), { player: 'pC', name: 'Cyd', observed: [], final, acknowledged: [], open: [] }];
  }

  #decide(command: AppCommand, player: Player): void {
    const at = this.seq + 1;
    const { events, refusal } = this.app.type.decide(this.state, command, { now: at, player });
    if (refusal !== undefined) throw new Error(`${JSON.stringify(command)} is refused: ${refusal}.`);
    for (const event of events) {
      this.events.push({ ...this.observe(event), at } as Observation);
      this.states.push(this.app.type.evolve(this.state, event, at));
    }
  }
}
