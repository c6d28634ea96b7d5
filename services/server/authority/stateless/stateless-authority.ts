import type { GameSettings } from '../../../protocol/index.ts';
import type { GameQuota } from '../../game/game-quota.ts';
import { type Matchmaking, shapeOf } from '../../game/matchmaking.ts';
import { newEpoch, type Reply } from '../../history/history-store.ts';
import type { Actor, Applied, Entered } from '../game-authority.ts';
import { type Mode, RecordedAuthority } from '../recorded-authority.ts';
import { type GameScript, type RawView, type Records, toView } from '../records.ts';

/**
 * The design in which any replica serves any game: one script a move inside Redis decides, records and
 * announces.
 */
export class StatelessAuthority extends RecordedAuthority {
  readonly #enter: GameScript;
  readonly #leave: GameScript;
  readonly #capture: GameScript;
  readonly #finish: GameScript;

  constructor(records: Records, matchmaking: Matchmaking, gameQuota?: GameQuota) {
    super(records, matchmaking, gameQuota);
    const file = (name: string) => new URL(`./lua/${name}.lua`, import.meta.url);
    const define = (name: string) => records.define(name, [file(name)]);
    this.#enter = define('enter');
    this.#leave = define('leave');
    this.#capture = records.defineMany('capture', file('capture'));
    this.#finish = define('finish');
  }

  protected async vacate({ player, generation }: Actor, id: string, game: string): Promise<Applied> {
    return this.#applied(game, await this.#leave(game, [player.id, id, 'leave', generation]));
  }

  async capture({ player, generation }: Actor, id: string, game: string, cell: number): Promise<Applied> {
    return this.#applied(game, await this.#capture(game, [player.id, id, `capture:${cell}`, generation, cell]));
  }

  async finish(game: string): Promise<number> {
    return Number((await this.#finish(game, []))[1]);
  }

  async arrived(): Promise<void> {
    // A game is nowhere in particular.
  }

  async handOver(): Promise<void> {
    // Every replica may decide everything.
  }

  stop(): void {
    // Nothing runs.
  }

  protected async enter(
    mode: Mode,
    { player, generation }: Actor,
    id: string,
    game: string,
    settings?: GameSettings,
  ): Promise<Entered | undefined> {
    const fingerprint = settings ? `${mode}:${shapeOf(settings)}` : mode;
    const shape = settings ? [settings.players, settings.size, settings.seconds, settings.spectators ? 1 : 0] : [];
    const args = [mode, player.id, id, fingerprint, generation, JSON.stringify(player.name), newEpoch(), ...shape];
    const reply = await this.#enter(game, args);
    if (reply[0] === 'exists') return undefined;
    const [, seq, duplicate, raw] = reply as [string, number, number, RawView];
    const view = toView(game, raw);
    this.records.saw(game, view);
    return { game, epoch: view.epoch, seq, duplicate: duplicate === 1, view };
  }

  #applied(game: string, reply: Reply): Applied {
    const [, seq, duplicate, epoch] = reply as [string, number, number, string];
    const applied = { game, epoch, seq, duplicate: duplicate === 1 };
    this.records.saw(game, applied);
    return applied;
  }
}
