import http from 'k6/http';
import { GameTable } from './game-table.ts';
import { Measurements } from './metrics.ts';
import { type Plan, SETTLE_SECONDS, socketsOf, TICK, type Tick, tablesOf } from './plan.ts';
import { Player } from './player.ts';

/** The sockets of one virtual user, from the first to the last second of a run. */
export class VirtualUser {
  readonly #plan: Plan;
  readonly #startAt: number;
  readonly #vu: number;
  readonly #measurements = new Measurements();
  readonly #players: Player[] = [];
  readonly #playing: GameTable[] = [];
  #tables = 0;
  /** No new work begins any more. */
  #ending = false;
  #over = false;

  /** `vu` counts from 1. */
  constructor(plan: Plan, startAt: number, vu: number) {
    this.#plan = plan;
    this.#startAt = startAt;
    this.#vu = vu;
  }

  /** Resolves when every socket is closed. */
  async run(): Promise<void> {
    const { steps, seconds, cuts } = this.#plan;
    this.#report();
    for (const cut of cuts) this.#at(cut.at, () => this.#cut(cut.share, cut.over));
    this.#chat();
    for (let step = 0; step < steps; step++) {
      await this.#until((seconds * step) / steps);
      if (step > 0 && !(await this.#proceed(step))) break;
      const sockets = socketsOf(this.#plan, this.#vu, step + 1);
      void this.#grow(step, sockets - this.#players.length);
      await this.#until((seconds * (step + 1)) / steps);
    }
    await this.#end();
  }

  /** Adds sockets, spread over the ramp so that all virtual users together open them evenly. */
  async #grow(step: number, count: number): Promise<void> {
    const { rampSeconds, vus, game } = this.#plan;
    const players = Array.from({ length: count }, () => new Player(this.#plan, this.#measurements));
    this.#players.push(...players);
    const everyMs = (rampSeconds * 1000) / Math.max(1, count);
    const beginAt = Date.now() + ((this.#vu - 1) / vus) * everyMs;
    const connected = players.map(async (player, index) => {
      await this.#sleep(beginAt + index * everyMs - Date.now());
      if (this.#over) return;
      try {
        await player.client.connect();
        if (this.#plan.chatLines > 0) await player.client.subscribe('lobby');
      } catch (error) {
        if (this.#over) return;
        this.#measurements.count('failed_requests');
        this.#measurements.complain(error);
      }
    });
    const tables = Math.min(tablesOf(this.#plan, this.#vu, step + 1) - this.#tables, Math.floor(count / game.players));
    this.#tables += tables;
    const { players: seats } = game;
    for (let index = 0; index < tables; index++) {
      const seated = players.slice(index * seats, (index + 1) * seats);
      void Promise.all(connected.slice(index * seats, (index + 1) * seats)).then(() => {
        if (this.#over) return;
        const table = new GameTable(this.#plan, seated, this.#measurements);
        this.#playing.push(table);
        return table.play();
      });
    }
  }

  #cut(share: number, over: number): void {
    const open = this.#players.filter((player) => player.open);
    // A small share of a few sockets is zero for most virtual users, so the first one always cuts one.
    const wanted = Math.floor(open.length * share + Math.random());
    const chosen = open.slice(0, share === 1 ? open.length : Math.max(this.#vu === 1 ? 1 : 0, wanted));
    chosen.forEach((player, index) => {
      setTimeout(() => player.cut(), (over * 1000 * index) / chosen.length);
    });
  }

  /** All players together say this many lines a second, in turns, because one player may say only one a second. */
  #chat(): void {
    const { chatLines, vus } = this.#plan;
    if (chatLines === 0) return;
    const everyMs = (vus * 1000) / chatLines;
    let turn = 0;
    const say = () => {
      if (this.#ending) return;
      const speaker = this.#players[turn++ % Math.max(1, this.#players.length)];
      if (speaker?.open) speaker.say('lobby', `line ${this.#vu}-${turn}`);
      setTimeout(say, everyMs);
    };
    setTimeout(say, this.#startAt - Date.now() + this.#plan.rampSeconds * 1000 + Math.random() * everyMs);
  }

  /** Not `http.get`, which would block all sockets of this virtual user until the answer arrives. */
  async #proceed(step: number): Promise<boolean> {
    const { control } = this.#plan;
    if (control === undefined) return true;
    const params = { timeout: '20s', tags: { name: 'control' } };
    return (await http.asyncRequest('GET', `${control}/${step}`, null, params)).body === 'go';
  }

  /** Resolves when the condition holds for every player, or after a long time. */
  async #settled(isSo: (player: Player) => boolean): Promise<void> {
    const end = Date.now() + SETTLE_SECONDS * 1000;
    while (!this.#players.every(isSo) && Date.now() < end) await this.#sleep(100);
  }

  async #end(): Promise<void> {
    this.#ending = true;
    for (const table of this.#playing) table.stop();
    await this.#settled(({ unanswered, open }) => unanswered === 0 && open);
    // Events of the last moves are delivered after their answers.
    await this.#sleep(1000);
    // Meanwhile a player may have been sent to another replica.
    await this.#settled(({ open }) => open);
    for (const player of this.#players) {
      if (player.open) continue;
      this.#measurements.count('failed_connects');
      this.#measurements.complain(player.whereabouts);
    }
    this.#tick();
    this.#over = true;
    for (const player of this.#players) player.close();
    // Unanswered requests fail only at this point, and are reported too.
    await this.#sleep(0);
    this.#tick();
  }

  #report(): void {
    const tick = () => {
      if (this.#over) return;
      this.#tick();
      setTimeout(tick, 1000 - ((Date.now() - this.#startAt) % 1000));
    };
    setTimeout(tick, Math.max(0, this.#startAt + 1000 - Date.now()));
  }

  #tick(): void {
    const replicas: Record<string, number> = {};
    let open = 0;
    for (const player of this.#players) {
      if (!player.open) continue;
      open++;
      const { replica } = player;
      replicas[replica] = (replicas[replica] ?? 0) + 1;
    }
    const second = Math.max(0, Math.round((Date.now() - this.#startAt) / 1000) - 1);
    const tick: Tick = { vu: this.#vu, second, open, replicas, ...this.#measurements.take() };
    console.log(TICK + JSON.stringify(tick));
  }

  #at(second: number, act: () => void): void {
    setTimeout(
      () => {
        if (!this.#over) act();
      },
      Math.max(0, this.#startAt + second * 1000 - Date.now()),
    );
  }

  #until(second: number): Promise<void> {
    return this.#sleep(this.#startAt + second * 1000 - Date.now());
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
  }
}
