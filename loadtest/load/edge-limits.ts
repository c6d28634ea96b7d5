import { readFileSync } from 'node:fs';
import { UsageError } from '../../infra/usage-error.ts';
import type { Plan } from '../k6/plan.ts';
import type { EdgeLimits } from './target.ts';

const RATE_SECONDS = 10;

/** The limits of the edge, from the configuration it was started with; undefined when that cannot be read. */
export function readEdgeLimits(file: string, seesAddresses = true): EdgeLimits | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const https = /^frontend https\b[\s\S]*?(?=^\S)/m.exec(text)?.[0] ?? '';
  const found = [/^\s+maxconn (\d+)/m, /sc_conn_cur\(0\) gt (\d+)/, /sc_conn_rate\(0\) gt (\d+)/].map((pattern) =>
    Number(pattern.exec(https)?.[1]),
  );
  const [connections, connectionsPerAddress, newPerAddress] = found as [number, number, number];
  return found.some(Number.isNaN) ? undefined : { connections, connectionsPerAddress, newPerAddress, seesAddresses };
}

/** The most sockets that come within the time over which the edge counts new ones. */
export function mostNew(
  sockets: number,
  { steps, rampSeconds, cuts }: Pick<Plan, 'steps' | 'rampSeconds' | 'cuts'>,
): number {
  const ramp = (sockets / steps) * Math.min(1, RATE_SECONDS / rampSeconds);
  return Math.ceil(
    Math.max(ramp, ...cuts.map(({ share, over }) => sockets * share * Math.min(1, RATE_SECONDS / Math.max(1, over)))),
  );
}

/** @throws UsageError when the edge would refuse some of them, which is not a failure of the cluster */
export function requireAdmission(
  {
    sockets,
    addresses: all,
    plan,
  }: { sockets: number; addresses: number; plan: Pick<Plan, 'steps' | 'rampSeconds' | 'cuts'> },
  limits: EdgeLimits | undefined,
): void {
  if (!limits) return;
  const addresses = limits.seesAddresses ? all : 1;
  const asked = [
    [sockets, limits.connections, 'sockets in all', '--max-connections'],
    [
      Math.ceil(sockets / addresses),
      limits.connectionsPerAddress,
      'sockets of one address',
      '--connections-per-address',
    ],
    [
      Math.ceil(mostNew(sockets, plan) / addresses),
      limits.newPerAddress,
      `new sockets of one address in ${RATE_SECONDS} s`,
      '--connection-rate-per-address',
    ],
  ] as const;
  for (const [wanted, allowed, what, flag] of asked) {
    if (wanted <= allowed) continue;
    throw new UsageError(
      `The run makes ${wanted} ${what}, and the edge of this cluster allows ${allowed}: start it with ${flag} ${wanted}, ` +
        'or hold fewer with --sockets.',
    );
  }
}
