import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../../infra/config/config.ts';
import { planReplicas, replicaSpec } from '../../../infra/local/replica-process.ts';
import { statePaths } from '../../../infra/local/state-paths.ts';
import { ONE_ADDRESS } from '../../kit/cluster.ts';
import { node, type Place, type System, WORKLOADS } from './system.ts';

/** Replicas as `npm start` runs them. */
function gridlock(
  design: 'stateless' | 'stateful',
  persistence: 'always' | 'none',
  seating: 'apart' | 'together',
): System {
  const secret = randomBytes(32);
  const where = seating === 'together' ? ', together' : '';
  return {
    name: `gridlock-${design}${seating === 'together' ? '-together' : ''}-${persistence}`,
    label: `Gridlock ${design}${where}`,
    dialect: 'gridlock',
    seating,
    persistence,
    isSingle: false,
    readyPath: '/readyz',
    workloads: WORKLOADS,
    params: { secret: secret.toString('hex') },
    isPeer: false,
    replica: ({ number, port, internalPort, redisPort, directory }: Place) => {
      const paths = statePaths(directory);
      writeFileSync(paths.tokenSecret, secret, { mode: 0o600 });
      const replica = { ...planReplicas(number, [])[number - 1]!, port, internalPort };
      const config = { ...readConfig({ directory: '/nonexistent' }), design };
      const { args, env = {} } = replicaSpec(replica, config, paths, redisPort, undefined);
      // Sockets stay where the bench has put them.
      const fixed = { ...env, ...ONE_ADDRESS, REBALANCE_PERCENT: '0' };
      return node(path.resolve(args.at(-1)!), fixed, args.slice(0, -1));
    },
  };
}

export const GRIDLOCK: readonly System[] = [
  gridlock('stateless', 'always', 'apart'),
  gridlock('stateless', 'none', 'apart'),
  gridlock('stateful', 'always', 'apart'),
  gridlock('stateful', 'none', 'apart'),
  gridlock('stateful', 'always', 'together'),
  gridlock('stateful', 'none', 'together'),
];
