import type { Threshold } from '../load/verdict.ts';
import { CALM, type RunData, SAMPLE_CUT, type Scenario } from './scenario.ts';

/** The text of the last mark of a rollout, which follows the number of replicas. */
const DONE = /^(\d+) replicas replaced$/;

/** Checks that it ended, and that players were sent from the old replicas to the new ones. */
export function judgeRollout({ marks, timeline }: Pick<RunData, 'marks' | 'timeline'>): Threshold[] {
  const replaced = marks.map(({ text }) => Number(DONE.exec(text)?.[1] ?? 0)).find((count) => count > 0) ?? 0;
  const from = marks.find(({ text }) => text === 'rollout begins')?.at ?? Infinity;
  const most = Math.max(
    0,
    ...timeline
      .held()
      .slice(0, Math.floor(from))
      .map(({ open }) => open),
  );
  const sent = from === Infinity ? 0 : timeline.count('announced_closes', Math.max(0, Math.floor(from) - 1));
  return [
    {
      name: 'the rollout ended',
      passed: replaced > 0,
      value: replaced > 0 ? `${replaced} replicas replaced` : 'it did not',
    },
    {
      name: 'every socket was sent to another replica',
      passed: most > 0 && sent >= most,
      value: `${sent} sent away of ${most} held`,
    },
  ];
}

export const rollout: Scenario = {
  about: 'every replica is replaced, one after the other, under play',
  size: { sockets: 200, seconds: 90, pace: 1 },
  needs: 'rollOut',
  plan: ({ seconds }) => ({
    playing: 1,
    rampSeconds: seconds * 0.1,
    cuts: SAMPLE_CUT(seconds * 0.15),
    lateMs: 10_000,
    thresholds: {
      ...CALM,
      resume_ms: ['p(99)<15000'],
      move_round_trip_ms: ['p(95)<3000'],
    },
  }),
  disturb: async (disturber, { seconds }) => {
    await disturber.at(seconds * 0.25);
    await disturber.rollOut();
  },
  judge: judgeRollout,
};
