import { ratioOf, type Spread, spreadOf } from '../kit/statistics.ts';
import { cell, NOTHING, table } from './cells.ts';
import { curveParts } from './curve/report.ts';
import { type Episode, NOT_MEASURED } from './episode.ts';
import type { Flow } from './flow.ts';
import { growthParts } from './growth/report.ts';
import type { Result } from './result.ts';
import { soakParts } from './soak/report.ts';

const TIERS = ['replicas', 'redis', 'edge', 'all'] as const;
/** The reference of the comparison. */
const REFERENCE = 'socket.io-redis';
const FAILED = 'failed';

type Column = readonly [title: string, value: (episodes: readonly Episode[]) => string];

const flowColumns = (flow: (episode: Episode) => Flow | undefined): Column[] => {
  const of = (value: (found: Flow) => number | undefined) => (episodes: readonly Episode[]) =>
    cell(
      episodes.map((episode) => {
        const found = flow(episode);
        return found && value(found);
      }),
    );
  return [
    ['p50 ms', of(({ p50 }) => p50)],
    ['p95 ms', of(({ p95 }) => p95)],
    ['p99 ms', of(({ p99 }) => p99)],
    ...TIERS.map((tier): Column => [`µs ${tier}`, of(({ cpu }) => cpu[tier])]),
    ['delivered/s', of(({ deliveriesPerSecond }) => deliveriesPerSecond)],
    ['lost', of(({ lost, vanished }) => lost + vanished)],
    ['twice', of(({ duplicated }) => duplicated)],
    ['late', of(({ late }) => late)],
    ['generator, cores', of(({ generatorCpu }) => generatorCpu)],
  ];
};

const TABLES: readonly (readonly [title: string, key: keyof Episode, columns: readonly Column[]])[] = [
  ['Moves at a fixed rate', 'moves', flowColumns(({ moves }) => moves)],
  [
    'Most deliveries a second with p99 ≤ 100 ms',
    'max',
    [
      ['delivered/s', (episodes) => cell(episodes.map(({ max }) => max?.deliveriesPerSecond))],
      ['p99 ms there', (episodes) => cell(episodes.map(({ max }) => max?.p99))],
      ['µs all there', (episodes) => cell(episodes.map(({ max }) => max?.cpu['all']))],
      ['generator, cores', (episodes) => cell(episodes.map(({ max }) => max?.generatorCpu))],
    ],
  ],
  ['Chat to all players', 'chat', flowColumns(({ chat }) => chat)],
  [
    'Idle sockets: KiB resident each',
    'idle',
    (['replicas', 'edge', 'redis'] as const).map((tier) => [
      tier,
      (episodes) =>
        cell(
          episodes.map(({ idle }) => idle?.[tier]),
          1 / 1024,
        ),
    ]),
  ],
  [
    'One of the replicas killed under play',
    'kill',
    [
      ['players affected', (episodes) => cell(episodes.map(({ kill }) => kill?.affected))],
      ['events missed', (episodes) => cell(episodes.map(({ kill }) => kill?.lost))],
      ['vanished moves', (episodes) => cell(episodes.map(({ kill }) => kill?.vanished))],
      ['twice', (episodes) => cell(episodes.map(({ kill }) => kill?.duplicated))],
      ['half back after ms', (episodes) => cell(episodes.map(({ kill }) => kill?.steps.back.half))],
      ['all back after ms', (episodes) => cell(episodes.map(({ kill }) => kill?.allBackMs))],
      ...['replicas', 'redis', 'edge', 'generator'].map(
        (tier): Column => [
          `CPU ms until then, ${tier}`,
          (episodes) => cell(episodes.map(({ kill }) => kill?.cpuMs[tier])),
        ],
      ),
    ],
  ],
];

/** The whole result as a page of tables. */
export function toMarkdown(result: Result): string {
  const { systems, episodes, workloads } = result;
  const hasFailed = failedIn(workloads);
  const ofSystem = (name: string) => episodes.filter(({ system }) => system === name);
  const parts = TABLES.flatMap(([title, key, columns]) => {
    const rows = systems.filter(({ name }) =>
      ofSystem(name).some((episode) => episode[key] !== undefined || hasFailed(episode, key)),
    );
    if (rows.length === 0) return [];
    const head = ['', 'Redis writes', ...columns.map(([name]) => name)];
    const body = rows.map(({ name, label, persistence }) => [
      label,
      persistence,
      ...columns.map(([, value]) => {
        const failed = ofSystem(name).filter((episode) => episode[key] === undefined && hasFailed(episode, key)).length;
        return shown(value(ofSystem(name)), failed, ofSystem(name).length);
      }),
    ]);
    return [`### ${title}`, table(head, body)];
  });
  const problems = problemLines(episodes);
  return `${[
    heading(result),
    ...parts,
    ...ratios(result),
    ...curveParts(result),
    ...growthParts(result),
    ...soakParts(result),
    ...(problems.length > 0 ? ['### What went wrong', problems.join('\n')] : []),
  ].join('\n\n')}\n`;
}

/** Whether a workload was begun and not measured, or was never begun. */
const failedIn =
  (workloads: readonly string[]) =>
  ({ problems }: Episode, key: keyof Episode): boolean =>
    Object.keys(problems).some(
      (what) =>
        what.startsWith(`${NOT_MEASURED}${key}:`) ||
        (workloads.includes(key) && what.startsWith(`${NOT_MEASURED}all:`)),
    );

/** The measured value, with a mark if a repetition failed, which is explained below. */
function shown(cell: string, failed: number, of: number): string {
  if (failed === 0) return cell;
  return failed === of ? FAILED : `${cell}, ${failed} ${FAILED}`;
}

function heading({ startedAt, finishedAt, commit, machine, versions, size }: Result): string {
  const { players, groupSize, rate, replicas, seconds, repetitions, lines } = size;
  return [
    `Commit ${commit}, ${startedAt.slice(0, 16)}Z to ${finishedAt.slice(11, 16)}Z. ${machine.cores} cores (` +
      `${machine.model}), ${machine.memoryGb} GB, Linux ${machine.kernel}. They also ran the generator.`,
    `${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    `${players} players in ${players / groupSize} games behind one HAProxy of one thread, ${replicas} replicas; ` +
      `${rate} moves a second each, every move delivered to ${groupSize}; ${lines} chat lines a second to all.`,
    `Medians of ${repetitions} repetitions (least–most) of ${seconds} s each, every system started from scratch, in ` +
      'shuffled order. CPU is user and system time of all processes of a tier per delivered event.',
  ].join('\n');
}

/** Ratios to the reference, each with the worst and the best that the spreads allow. */
function ratios({ systems, episodes }: Result): string[] {
  const values: readonly (readonly [title: string, value: (episode: Episode) => number | undefined])[] = [
    ['p50 of a move', ({ moves }) => moves?.p50],
    ['p99 of a move', ({ moves }) => moves?.p99],
    ['CPU of a move', ({ moves }) => moves?.cpu['all']],
    ['most deliveries', ({ max }) => max?.deliveriesPerSecond],
    ['p50 in the flood of chat', ({ chat }) => chat?.p50],
    ['p99 in the flood of chat', ({ chat }) => chat?.p99],
    ['CPU of a chat line', ({ chat }) => chat?.cpu['all']],
    ['idle memory at the replica', ({ idle }) => idle?.['replicas']],
    ['time until all are back', ({ kill }) => kill?.allBackMs],
  ];
  const spread = (name: string, value: (episode: Episode) => number | undefined): Spread | undefined =>
    spreadOf(episodes.filter(({ system }) => system === name).flatMap((episode) => value(episode) ?? []));
  if (!episodes.some(({ system }) => system === REFERENCE)) return [];
  const body = systems
    .filter(({ name }) => name !== REFERENCE)
    .map(({ name, label, persistence }) => [
      label,
      persistence,
      ...values.map(([, value]) => {
        const [ours, theirs] = [spread(name, value), spread(REFERENCE, value)];
        if (!ours || !theirs) return NOTHING;
        const { median, least, most } = ratioOf(ours, theirs);
        return `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
      }),
    ]);
  if (body.every((row) => row.slice(2).every((text) => text === NOTHING))) return [];
  const label = systems.find(({ name }) => name === REFERENCE)?.label ?? REFERENCE;
  return [`### Times ${label}`, table(['', 'Redis writes', ...values.map(([title]) => title)], body)];
}

function problemLines(episodes: readonly Episode[]): string[] {
  return episodes.flatMap(({ system, repetition, problems }) =>
    Object.entries(problems).map(
      ([what, count]) => `- ${system}, repetition ${repetition}: ${count} × ${what.split('\n')[0]}`,
    ),
  );
}
