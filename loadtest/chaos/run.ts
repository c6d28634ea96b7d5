import type { Design } from '../kit/options.ts';
import type { Fault } from './faults.ts';
import { FaultyCluster } from './faulty-cluster.ts';
import { playRound, type Round } from './round.ts';
import { type Row, tally } from './tally.ts';

export interface RunOptions {
  readonly design: Design;
  readonly faults: readonly Fault[];
  /** How many rounds of each fault. */
  readonly roundsOf: (fault: Fault) => number;
  readonly players: number;
  readonly seed: number;
  readonly report: (line: string) => void;
}

/** Plays the rounds of one design, all of them on one cluster, fault by fault. */
export async function run({ design, faults, roundsOf, players, seed, report }: RunOptions): Promise<Row[]> {
  const rows: Row[] = [];
  report(`${design}: starting a cluster`);
  const stage = await FaultyCluster.start(design);
  try {
    for (const fault of faults) {
      const rounds: Round[] = [];
      await stage.persist(fault.persistence);
      for (let number = 1; number <= roundsOf(fault); number++) {
        const round = await playRound(stage, fault, { seed, number, players });
        rounds.push(round);
        const {
          acknowledged: { all, during, after },
          waits,
          violations,
        } = round;
        const back = `back within ${Math.round(Math.max(...waits))} ms`;
        report(
          `${design} ${fault.name} ${number}: ${round.what}; ${all} acknowledged, ${during} during, ${after} after; ${back}`,
        );
        const nameOf = (kind: string) =>
          kind === 'lost tail' && fault.persistence === 'everysec' ? 'announced' : kind;
        const seen = violations.map((one) => `${nameOf(one.fault)}: ${one.detail}`);
        for (const line of [...round.problems, ...seen]) report(`  ${line}`);
      }
      if (rounds.length > 0) rows.push(tally(design, fault, rounds));
    }
  } finally {
    await stage.stop();
  }
  return rows;
}
