import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../../../infra/config/config.ts';
import { planReplicas, replicaSpec } from '../../../infra/local/replica-process.ts';
import { statePaths } from '../../../infra/local/state-paths.ts';
import { ONE_ADDRESS } from '../../kit/cluster.ts';
import { node, type Place, type System, WORKLOADS } from './system.ts';

interface Variant {
  readonly design: 'stateless' | 'stateful';
  readonly persistence: 'always' | 'none';
  readonly seating?: 'together';
  /** The application whose rooms have no end, and any number of members. */
  readonly app?: 'counter';
  /** Of a Redis Cluster. */
  readonly masters?: number;
}

/** Replicas as `npm start` runs them. */
function gridlock(variant: Variant): System {
  const { design, persistence, seating, app, masters } = variant;
  const secret = randomBytes(32);
  const what = [seating, app, masters && 'cluster'].filter((part) => part !== undefined);
  const isGame = app === undefined;
  return {
    name: ['gridlock', design, ...what, persistence].join('-'),
    label: [`Gridlock ${design}`, seating, app, masters && `Redis Cluster of ${masters}`].filter(Boolean).join(', '),
    dialect: app ?? 'gridlock',
    seating: seating ?? 'apart',
    persistence,
    ...(masters === undefined ? {} : { redisMasters: masters }),
    isSingle: false,
    readyPath: '/readyz',
    workloads: isGame ? WORKLOADS : WORKLOADS.filter((workload) => workload !== 'chat' && workload !== 'kill'),
    params: { secret: secret.toString('hex') },
    ...(isGame ? { roomy: gridlock({ ...variant, app: 'counter' }) } : {}),
    isPeer: false,
    replica: ({ number, port, internalPort, redisPorts, directory }: Place) => {
      const paths = statePaths(directory);
      writeFileSync(paths.tokenSecret, secret, { mode: 0o600 });
      const replica = { ...planReplicas(number, [])[number - 1]!, port, internalPort };
      const config = { ...readConfig({ directory: '/nonexistent' }), design, ...(app === undefined ? {} : { app }) };
      const { args, env = {} } = replicaSpec(replica, config, paths, redisPorts[0]!, undefined);
      const nodes = redisPorts.map((redisPort) => `127.0.0.1:${redisPort}`).join(',');
      const inCluster = masters === undefined ? {} : { REDIS_URL: undefined, REDIS_CLUSTER: nodes };
      // Sockets stay where the bench has put them.
      const fixed = { ...env, ...inCluster, ...ONE_ADDRESS, REBALANCE_PERCENT: '0' };
      return node(path.resolve(args.at(-1)!), fixed, args.slice(0, -1));
    },
  };
}

export const GRIDLOCK: readonly System[] = [
  gridlock({ design: 'stateless', persistence: 'always' }),
  gridlock({ design: 'stateless', persistence: 'none' }),
  gridlock({ design: 'stateless', persistence: 'always', seating: 'together' }),
  gridlock({ design: 'stateful', persistence: 'always' }),
  gridlock({ design: 'stateful', persistence: 'none' }),
  gridlock({ design: 'stateful', persistence: 'always', seating: 'together' }),
  gridlock({ design: 'stateful', persistence: 'none', seating: 'together' }),
];

const MASTERS = 3;

/** Measured only when they are named. */
export const ON_REQUEST: readonly System[] = [
  gridlock({ design: 'stateless', persistence: 'always', masters: MASTERS }),
  gridlock({ design: 'stateless', persistence: 'none', masters: MASTERS }),
  gridlock({ design: 'stateless', persistence: 'always', seating: 'together', masters: MASTERS }),
  gridlock({ design: 'stateful', persistence: 'always', masters: MASTERS }),
  gridlock({ design: 'stateless', persistence: 'always', app: 'counter' }),
];
