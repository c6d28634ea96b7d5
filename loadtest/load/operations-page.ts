import type { Summary } from './summary.ts';
import type { Target } from './target.ts';

const TIMEOUT_MS = 5000;
/** The longest sentence that a replica accepts. */
const MOST_TEXT = 200;

/** Sends its input to the internal port of its container, which cannot be reached from outside. */
const SCRIPT = `const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const answer = await fetch('http://127.0.0.1:' + process.argv[1] + '/ops/run', {
  method: 'POST', headers: { 'content-type': 'application/json' }, body: Buffer.concat(chunks),
  signal: AbortSignal.timeout(${TIMEOUT_MS}),
});
if (!answer.ok) throw new Error(answer.status + ' ' + await answer.text());`;

/** A command for the container of a replica: it gives the load run on its input to that replica. */
export const tellFromInside = (internalPort: number): readonly string[] => [
  'node',
  '--input-type=module',
  '--eval',
  SCRIPT,
  String(internalPort),
];

/** The report of a run for the operations page, as JSON: figures, and each threshold. */
export function runText({ scenario, startedAt, seconds, passed, thresholds, ...rest }: Summary): string {
  const { target, sockets, metrics, counters, cpu } = rest;
  return JSON.stringify({
    scenario,
    startedAt,
    seconds,
    passed,
    thresholds: thresholds.map(({ name, value, ...threshold }) => ({
      ...threshold,
      name: name.slice(0, MOST_TEXT),
      value: value.slice(0, MOST_TEXT),
    })),
    summary: {
      target,
      sockets: sockets.most,
      moves: counters['acked_moves'],
      move_p99_ms: metrics['move_round_trip_ms']?.p99,
      delivery_p99_ms: metrics['delivery_lag_ms']?.p99,
      resume_p99_ms: metrics['resume_ms']?.p99,
      unexpected_closes: counters['unexpected_closes'],
      cores_of_k6: cpu['k6']?.mean,
    },
  });
}

/** Gives a run to a replica at the address of its internal listener. @throws when it refuses it */
export async function tellAt(internalUrl: string, run: string): Promise<void> {
  const answer = await fetch(`${internalUrl}/ops/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: run,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

/** Makes the operations page of a target show a run, and says whether it does. A refusal does not fail the run. */
export async function tellOperations(
  target: Pick<Target, 'name' | 'tellOperations'>,
  summary: Summary,
  report: (line: string) => void,
): Promise<void> {
  if (!target.tellOperations) {
    return report(`the operations page of ${target.name} cannot be reached from here, and does not show this run`);
  }
  await target.tellOperations(runText(summary)).then(
    () => report('the operations page shows this run'),
    (error: Error) => report(`the operations page does not show this run: ${error.message}`),
  );
}

/** Tries one replica after the other until one accepts it. @throws the last refusal */
export async function tellOneOf<Replica>(
  replicas: readonly Replica[],
  tell: (replica: Replica) => Promise<unknown>,
): Promise<void> {
  let problem: unknown = new Error('There is no replica.');
  for (const replica of replicas) {
    try {
      await tell(replica);
      return;
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}
