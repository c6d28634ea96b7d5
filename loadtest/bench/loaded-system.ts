import { cpuBetween, type Tiers, type TierUsage, tierUsage } from '../kit/process-usage.ts';
import { type Flow, toFlow } from './flow.ts';
import type { Generator } from './generator/generator.ts';
import type { Load } from './generator/workload.ts';
import type { SystemUnderTest } from './system-under-test.ts';
import type { System } from './systems/system.ts';

/** The clients of a system: players in rooms of one size, and others that only hold a socket. */
export interface Crowd {
  readonly players: number;
  readonly groupSize: number;
  readonly idle?: number;
}

/** A system that is up, with the generator that loads it. */
export class LoadedSystem {
  readonly system: System;
  readonly stage: SystemUnderTest;
  readonly generator: Generator;
  readonly #ca: string;

  constructor(system: System, stage: SystemUnderTest, generator: Generator, ca: string) {
    [this.system, this.stage, this.generator, this.#ca] = [system, stage, generator, ca];
  }

  /** A crowd without sockets. */
  async gather({ players, groupSize, idle = 0 }: Crowd): Promise<void> {
    const { dialect, params = {} } = this.system;
    const { port } = this.stage;
    const options = { port, ca: this.#ca, dialect, params, players: players + idle, groupSize };
    await this.generator.call('gather', [options]);
  }

  /** A crowd that is connected and seated, and has played for a while. */
  async heat(crowd: Crowd, rate: number, seconds: number): Promise<void> {
    const { players, idle = 0 } = crowd;
    await this.gather(crowd);
    await this.generator.call('connect', [0, players]);
    await this.generator.call('seat', [this.system.seating, players]);
    if (idle > 0) await this.generator.call('connect', [players, players + idle]);
    await this.flow('play', { rate, warmSeconds: 0, seconds });
  }

  /** Moves or lines at a fixed rate, with what they cost. */
  async flow(what: 'play' | 'say', load: Load): Promise<Flow> {
    const tiers: Tiers = { ...this.stage.tiers, generator: [this.generator.pid] };
    let [before, after]: [TierUsage, TierUsage] = [{}, {}];
    const measured = await this.generator.call(what, [load], (edge) => {
      if (edge === 'begin') before = tierUsage(tiers);
      else after = tierUsage(tiers);
    });
    return toFlow(measured, cpuBetween(before, after));
  }
}
