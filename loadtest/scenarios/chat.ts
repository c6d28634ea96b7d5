import type { Threshold } from '../load/verdict.ts';
import { CALM, type RunData, SAMPLE_CUT, type Scenario } from './scenario.ts';

/** Share of the lines times the sockets. A client that is away for long catches up with only the last fifty lines. */
const LEAST_HEARD = 0.99;

/** Checks that all clients received the lines, and not only some. */
export function judgeBroadcast({ timeline, size }: Pick<RunData, 'timeline' | 'size'>): Threshold {
  const [said, heard] = [timeline.count('said_lines'), timeline.count('chat_lines')];
  return {
    name: `at least ${LEAST_HEARD * 100} % of the lines reached all clients`,
    passed: said > 0 && heard >= said * size.sockets * LEAST_HEARD,
    value: `${said} lines said to ${size.sockets}, ${heard} heard`,
  };
}

export const chat: Scenario = {
  about: 'lines of chat to all clients',
  size: { sockets: 300, seconds: 60, pace: 0.5 },
  plan: ({ seconds }) => ({
    playing: 0.1,
    chatLines: 10,
    rampSeconds: seconds * 0.2,
    cuts: SAMPLE_CUT(seconds * 0.6),
    thresholds: {
      ...CALM,
      chat_gaps: ['count==0'],
      failed_requests: ['count==0'],
      delivery_lag_ms: ['p(99)<1500'],
      move_round_trip_ms: ['p(99)<1500'],
    },
  }),
  judge: (run) => [judgeBroadcast(run)],
};
