import { socketsAfter } from '../k6/plan.ts';
import { CALM_BUT_LATE, judgeLateness, type RunData, SAMPLE_CUT, type Scenario, type Size } from './scenario.ts';

const STEPS = 8;
/** Share of a step in which sockets are opened; the rest is measured. */
const RAMP_SHARE = 0.6;
/** At its end all of them must be open. */
const HELD_SHARE = 0.15;
const WORST_P99_MS = 1000;

/** The part of a step in which its sockets are held. */
function held({ size, timeline }: RunData, step: number) {
  const stepSeconds = size.seconds / STEPS;
  const from = Math.ceil(stepSeconds * (step + RAMP_SHARE)) + 1;
  const to = Math.floor(stepSeconds * (step + 1));
  const due = socketsAfter({ ...size, steps: STEPS }, step + 1);
  // A player that is slow to connect has until the end of the step.
  const open = timeline
    .held()
    .slice(Math.floor(to - stepSeconds * HELD_SHARE), to)
    .map((second) => second.open);
  return {
    due,
    open: open.length === 0 ? 0 : Math.min(...open),
    moveP99: timeline.curve('move', from, to).percentile(0.99),
    lagP99: timeline.curve('lag', from, to).percentile(0.99),
    closes: timeline.count('unexpected_closes', 0, to) + timeline.count('failed_connects', 0, to),
  };
}

function judge(run: RunData, step: number) {
  const { due, open, moveP99, lagP99, closes } = held(run, step);
  // The clients of the sample cut are reconnecting.
  const enough = open >= due * 0.99;
  const passed = enough && closes === 0 && moveP99 <= WORST_P99_MS && lagP99 <= WORST_P99_MS;
  const text =
    `${due} sockets: ${open} held, moves p99 ${Math.round(moveP99)} ms, ` +
    `delivery p99 ${Math.round(lagP99)} ms, ${closes} closed or refused`;
  return { held: passed, text };
}

/** The largest step that held, after which none did. */
export function kneeOf(run: RunData): { sockets: number; texts: string[] } {
  const texts: string[] = [];
  let sockets = 0;
  for (let step = 0; step < STEPS; step++) {
    const { held: passed, text } = judge(run, step);
    if (held(run, step).open === 0) break;
    texts.push(`${passed ? 'held  ' : 'broken'} ${text}`);
    if (!passed) break;
    sockets = socketsAfter({ ...run.size, steps: STEPS }, step + 1);
  }
  return { sockets, texts };
}

export const scale: Scenario = {
  about: `ramps to the number of sockets in ${STEPS} steps, until a threshold breaks: the knee`,
  size: { sockets: 8000, seconds: 240, pace: 0.5 },
  plan: ({ seconds }: Size) => ({
    playing: 0.05,
    steps: STEPS,
    rampSeconds: (seconds / STEPS) * RAMP_SHARE,
    // Long before the end of the step, when all must be open.
    cuts: SAMPLE_CUT((seconds / STEPS) * 0.62),
    thresholds: {
      ...CALM_BUT_LATE,
      move_round_trip_ms: [`p(99)<${WORST_P99_MS}`],
      delivery_lag_ms: [`p(99)<${WORST_P99_MS}`],
      handshake_ms: ['p(95)<5000'],
    },
  }),
  step: judge,
  judge: (run) => {
    const { sockets, texts } = kneeOf(run);
    const last = texts.at(-1) ?? 'none';
    return [
      {
        name: `${run.size.sockets} sockets are held`,
        passed: sockets === run.size.sockets,
        value: `knee at ${sockets}; ${last}`,
      },
      judgeLateness(run),
    ];
  },
};
