import { CALM, type Scenario } from './scenario.ts';

export const smoke: Scenario = {
  about: 'half a minute of play; every client is cut once and resumes',
  size: { sockets: 100, seconds: 30, pace: 1 },
  plan: ({ seconds }) => ({
    playing: 1,
    rampSeconds: seconds * 0.15,
    cuts: [{ at: seconds * 0.4, share: 1, over: seconds * 0.2 }],
    thresholds: {
      ...CALM,
      move_round_trip_ms: ['p(95)<500', 'p(99)<1500'],
      delivery_lag_ms: ['p(95)<500', 'p(99)<1500'],
      resume_ms: ['p(99)<5000'],
      handshake_ms: ['p(99)<5000'],
    },
  }),
};
