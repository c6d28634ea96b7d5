import type { Threshold } from '../load/verdict.ts';
import { CALM, type RunData, SAMPLE_CUT, type Scenario } from './scenario.ts';

/** The times, in parts of the run, and the steps. */
const STEPS = [
  [0.3, 'leaf'],
  [0.5, 'intermediate'],
  [0.7, 'issue'],
  [0.85, 'retire'],
] as const;

/** Checks that every step was done once. Its mark begins with its name. */
export function judgeRotation({ marks }: Pick<RunData, 'marks'>): Threshold[] {
  const done = STEPS.filter(([, step]) => marks.filter(({ text }) => text.startsWith(`rotated: ${step}`)).length === 1);
  return [
    {
      name: 'every level was rotated',
      passed: done.length === STEPS.length,
      value: done.map(([, step]) => step).join(', ') || 'none',
    },
  ];
}

export const rotation: Scenario = {
  about: 'certificates of every level are replaced under play: leaf, intermediate, root',
  size: { sockets: 200, seconds: 60, pace: 1 },
  needs: 'rotate',
  plan: ({ seconds }) => ({
    playing: 1,
    rampSeconds: seconds * 0.15,
    // After each rotation some clients reconnect with a full handshake, because k6 keeps no TLS sessions.
    cuts: [0.2, 0.4, 0.6, 0.8, 0.9].flatMap((share) => SAMPLE_CUT(seconds * share)),
    thresholds: { ...CALM, resume_ms: ['p(99)<5000'], move_round_trip_ms: ['p(99)<1500'] },
  }),
  // Players must trust the next root before it issues anything.
  prepare: (disturber) => disturber.rotate('accept'),
  disturb: async (disturber, { seconds }) => {
    for (const [share, step] of STEPS) {
      await disturber.at(seconds * share);
      await disturber.rotate(step);
    }
  },
  judge: judgeRotation,
};
