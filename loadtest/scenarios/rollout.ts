import { EXACT, SAMPLE_CUT, type Scenario } from './scenario.ts';

export const rollout: Scenario = {
  about: 'every replica is replaced, one after the other, under play',
  size: { sockets: 200, seconds: 90, pace: 1 },
  plan: ({ seconds }) => ({
    playing: 1,
    rampSeconds: seconds * 0.1,
    cuts: SAMPLE_CUT(seconds * 0.15),
    lateMs: 10_000,
    thresholds: {
      ...EXACT,
      failed_moves: ['count==0'],
      resume_ms: ['p(99)<15000'],
      move_round_trip_ms: ['p(95)<3000'],
    },
  }),
  disturb: async (disturber, { seconds }) => {
    await disturber.at(seconds * 0.25);
    await disturber.rollOut();
  },
  judge: ({ marks }) => {
    const done = marks.some(({ text }) => text.includes('replaced'));
    return [{ name: 'the rollout came to its end', passed: done, value: done ? 'yes' : 'no' }];
  },
};
