import { EXACT, SAMPLE_CUT, type Scenario } from './scenario.ts';

export const failover: Scenario = {
  about: 'a replica (on kind: a pod), Redis and the edge are killed on the way',
  size: { sockets: 200, seconds: 90, pace: 1 },
  plan: ({ seconds }) => ({
    playing: 1,
    rampSeconds: seconds * 0.1,
    cuts: SAMPLE_CUT(seconds * 0.2),
    lateMs: 20_000,
    thresholds: {
      ...EXACT,
      unexpected_closes: ['count>0'],
      failed_moves: ['count==0'],
      resume_ms: ['p(99)<30000'],
      move_round_trip_ms: ['med<1000'],
    },
  }),
  disturb: async (disturber, { seconds }) => {
    const faults = disturber.faults;
    for (const [index, fault] of faults.entries()) {
      await disturber.at(seconds * (0.3 + (0.55 * index) / faults.length));
      await disturber.strike(fault);
    }
  },
};
