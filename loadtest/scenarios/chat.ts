import { CALM, SAMPLE_CUT, type Scenario } from './scenario.ts';

export const chat: Scenario = {
  about: 'lines that are said to everybody',
  size: { sockets: 500, seconds: 60, pace: 0.5 },
  plan: ({ seconds }) => ({
    playing: 0.1,
    chatLines: 10,
    rampSeconds: seconds * 0.2,
    cuts: SAMPLE_CUT(seconds * 0.6),
    thresholds: {
      ...CALM,
      chat_gaps: ['count==0'],
      chat_lines: ['count>0'],
      failed_requests: ['count==0'],
      delivery_lag_ms: ['p(99)<1500'],
      move_round_trip_ms: ['p(99)<1500'],
    },
  }),
};
