import { writeFileSync } from 'node:fs';
import { askAnyStatus } from '../../../infra/local/control.ts';
import { statePaths } from '../../../infra/local/state-paths.ts';
import { startedIn } from '../../../infra/local/user-command.ts';
import { UsageError } from '../../../infra/usage-error.ts';
import type { ConnectPlan } from '../../connect/options.ts';
import { type Report, toStandardError } from '../../kit/options.ts';
import { startUserCluster } from '../../kit/user-cluster.ts';
import { Link } from '../link.ts';
import {
  checkUserChaos,
  DEFAULT_REPLICAS,
  faultsFor,
  ownTarget,
  planSockets,
  type UserChaosOptions,
} from './options.ts';
import { playUserRound, type UserRound } from './round.ts';
import { RunningEdge, type Stage } from './stage.ts';
import { type UserRow, userRow, userTable } from './table.ts';

const DEFAULT_SIGNAL = 'SIGTERM';
const DEFAULT_STATE_DIR = '.gridlock';
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Holds sockets to the user's own server while faults strike; prints a table. Resolves with the exit code.
 * @throws UsageError
 */
export async function runUserChaos(options: UserChaosOptions, report = toStandardError): Promise<number> {
  checkUserChaos(options);
  return options.command === undefined ? onTarget(options, report) : onOwnCluster(options, options.command, report);
}

async function onOwnCluster(options: UserChaosOptions, command: string, report: Report): Promise<number> {
  const { replicas = DEFAULT_REPLICAS, sticky, healthPath, drainSignal, path } = options;
  // This finds a wrong option before anything is started.
  planSockets(options, 'wss://localhost', undefined);
  report(`starting ${replicas} copies of ${command}`);
  const cluster = await startUserCluster({
    ...{ command, replicas, redis: 'none', directory: startedIn() },
    ...(sticky === undefined ? {} : { sticky }),
    ...(healthPath === undefined ? {} : { healthPath }),
  });
  try {
    const { target, ca } = ownTarget(cluster.port, cluster.stateDir, path);
    const edge = new RunningEdge(cluster.stateDir, signalOf(drainSignal));
    return await playAll(options, planSockets(options, target, ca), edge, report);
  } finally {
    await cluster.stop();
  }
}

async function onTarget(options: UserChaosOptions, report: Report): Promise<number> {
  if (options.target === undefined) throw new UsageError('--target or --command is missing.');
  const plan = planSockets(options, options.target, options.ca);
  const edge = await edgeAt(plan.target, options);
  report(
    `${plan.target}: ${edge === undefined ? 'the network and --strike alone can be struck' : 'an npm start runs it'}`,
  );
  return playAll(options, plan, edge, report);
}

const signalOf = (name: string | undefined) => (name ?? DEFAULT_SIGNAL) as NodeJS.Signals;

/** The edge of an `npm start` on this machine that listens at the address. */
async function edgeAt(target: string, { stateDir, drainSignal }: UserChaosOptions): Promise<RunningEdge | undefined> {
  const { hostname, port } = new URL(target);
  const status = await askAnyStatus(statePaths(stateDir ?? DEFAULT_STATE_DIR).controlSocket).catch(() => undefined);
  const isThere = status !== undefined && LOOPBACK.test(hostname) && Number(port || 443) === status.edge.port;
  if (isThere) return new RunningEdge(stateDir ?? DEFAULT_STATE_DIR, signalOf(drainSignal));
  if (stateDir === undefined) return undefined;
  throw new UsageError(
    `No npm start runs at ${target} with --state-dir ${stateDir}: correct one of them, or leave --state-dir out.`,
  );
}

async function playAll(
  options: UserChaosOptions,
  plan: ConnectPlan,
  edge: RunningEdge | undefined,
  report: Report,
): Promise<number> {
  const { seed = Date.now() % 2 ** 32, json } = options;
  const copies = edge !== undefined && (await edge.copies()).length > 0;
  const faults = faultsFor(options, { copies, edge: edge !== undefined });
  const rounds = Math.max(1, Math.round((options.rounds ?? faults.length) / faults.length));
  const { hostname, port, protocol } = new URL(plan.target);
  const host = hostname.replace(/^\[|\]$/g, '');
  const link = await Link.start(() => ({ host, port: Number(port || (protocol === 'wss:' ? 443 : 80)) }));
  report(`--seed ${seed}`);
  try {
    const stage: Stage = { link, ...(edge === undefined ? {} : { edge }) };
    const rows: UserRow[] = [];
    for (const fault of faults) {
      const played: UserRound[] = [];
      for (let number = 1; number <= rounds; number++) {
        const round = await playUserRound(stage, fault, { plan, seed, number });
        played.push(round);
        report([`${fault.name} ${number}: ${describe(round)}`, ...round.problems].join('\n  '));
      }
      rows.push(userRow(fault.name, plan.sockets, played));
    }
    const wrong = rows.flatMap((row) => row.faults.map((text) => `FAULT  ${row.fault}: ${text}`));
    console.log([userTable(rows), ...wrong].join('\n'));
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ seed, target: plan.target, rows }, null, 2)}\n`);
    return wrong.length > 0 ? 1 : 0;
  } finally {
    await link.stop();
  }
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} with ${name}`)
    .join(', ') || 'none';

const describe = ({ what, dropped, refused, wholeAgainMs }: UserRound): string =>
  `${what}; dropped ${listed(dropped)}; refused ${listed(refused)}; ` +
  (Number.isNaN(wholeAgainMs) ? 'not all came back' : `all open after ${Math.round(wholeAgainMs)} ms`);
