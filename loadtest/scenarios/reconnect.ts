import { CALM, type Scenario } from './scenario.ts';

export const reconnect: Scenario = {
  about: 'waves of cuts, and a storm: all clients at once',
  size: { sockets: 1000, seconds: 90, pace: 0.5 },
  plan: ({ seconds }) => ({
    playing: 0.5,
    rampSeconds: seconds * 0.2,
    cuts: [
      { at: seconds * 0.35, share: 0.1, over: 2 },
      { at: seconds * 0.45, share: 0.3, over: 2 },
      { at: seconds * 0.55, share: 0.5, over: 2 },
      { at: seconds * 0.7, share: 1, over: 0 },
    ],
    lateMs: 10_000,
    thresholds: {
      ...CALM,
      resume_ms: ['p(95)<10000', 'p(99)<30000'],
      move_round_trip_ms: ['p(95)<10000'],
    },
  }),
};
