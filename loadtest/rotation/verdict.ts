import type { RunResult } from './measure.ts';
import { VISITORS } from './visitors.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
const failedHandshakes = ({ handshakes }: RunResult): number => sum(Object.values(handshakes.failures));
const ms = (value: number): string => value.toFixed(1);

/** The failures, as sentences; empty when there are none. The p99 may be `maxRatio` times that without rotations. */
export function faultsOf(result: RunResult, maxRatio = Infinity): string[] {
  const { options, players, handshakes, rotations, refusals, ratio } = result;
  const faults: string[] = [];
  const count = (number: number, what: string, example = '') => {
    if (number > 0) faults.push(`${number} ${what}${example && `, as ${example}`}.`);
  };
  const firstOf = (list: readonly { player: string; message: string }[]) =>
    list[0] && `${list[0].player}: ${list[0].message}`;
  count(players.dropped.length, 'sockets were dropped', firstOf(players.dropped));
  count(options.sockets - result.open, 'sockets were not open at the end');
  count(players.failed.length, 'moves or games failed', firstOf(players.failed));
  count(players.violations.length, 'histories are wrong', players.violations[0]?.detail);
  count(failedHandshakes(result), 'handshakes failed', Object.keys(handshakes.failures)[0]);
  count(handshakes.resumed, 'handshakes were not full ones');
  count(handshakes.stale, 'handshakes showed a leaf that had been replaced before');
  count(refusals.length, 'rotations failed', refusals[0] && `${refusals[0].step}: ${refusals[0].message}`);
  // Accepting a root does not change the served certificates.
  const unserved = rotations.filter(({ step, edge }) => step !== 'accept' && edge !== 'updated');
  count(unserved.length, 'rotations did not reach the edge');
  if (handshakes.completed === 0) faults.push('No handshake was made.');
  for (const { after, visitor, expected, welcomed, reason } of result.visits) {
    if (welcomed === expected) continue;
    const saw = welcomed ? 'was welcomed' : `was refused (${reason})`;
    faults.push(`After ${after}, the visitor who trusts ${visitor} ${saw}.`);
  }
  if (result.visits.length < 9) faults.push('Not every visitor came after every step of the rollover.');
  if (!(ratio.ratio <= maxRatio)) {
    faults.push(`The p99 of a move is ${ratio.ratio.toFixed(2)} times that without rotations, above ${maxRatio}.`);
  }
  return faults;
}

/** The result as lines for the user. */
export function describe(result: RunResult): string[] {
  const { options, players, handshakes, rotations, calm, rotating, ratio } = result;
  const count = (step: string) => rotations.filter((done) => done.step === step).length;
  const took = rotations.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  const steps = ['accept', 'issue', 'retire'] as const;
  return [
    `sockets      ${options.sockets} playing ${players.games} games, ${players.dropped.length} dropped`,
    `rotations    ${count('leaf')} leaf, ${count('intermediate')} intermediate, ` +
      `rollover ${steps.filter(count).join(', ')}; median ${ms(took[took.length >> 1] ?? NaN)} ms each`,
    `handshakes   ${handshakes.completed} full ones, ${failedHandshakes(result)} failed; ` +
      `${handshakes.leaves} different leaves, ${handshakes.stale} out of date`,
    ...(
      [
        ['without', calm],
        ['with', rotating],
      ] as const
    ).map(
      ([what, { moves, p50, p99, max }]) =>
        `moves        ${what.padEnd(7)} rotations: ${moves}, p50 ${ms(p50)} ms, p99 ${ms(p99)} ms, longest ${ms(max)} ms`,
    ),
    `p99 ratio    ${ratio.ratio.toFixed(3)} (${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)})`,
    `busy         ${Math.round(result.busy * 100)} % of the time, this process`,
    `visitor      ${steps.map((step) => `after ${step}`.padEnd(14)).join('')}`,
    ...VISITORS.map((visitor) => {
      const cells = steps.map((step) => {
        const visit = result.visits.find((one) => one.after === step && one.visitor === visitor);
        return (visit === undefined ? '-' : visit.welcomed ? 'welcomed' : 'refused').padEnd(14);
      });
      return `  ${visitor.padEnd(11)}${cells.join('')}`;
    }),
  ].map((line) => line.trimEnd());
}
