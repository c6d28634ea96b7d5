import { gaugeOf, type Made, monitoredOf, openingsOf } from '../components/connections.ts';
import { selectorOf } from '../components/labels.ts';
import { clusterRules } from '../components/network-policies/cluster-rules.ts';
import { containerPorts, namedPort } from '../components/replicas/replica-pod.ts';
import { stackConfig } from '../config/config.ts';
import { clusterArgs } from './gridlock.ts';
import { GRIDLOCK_PORTS } from './gridlock-server.ts';
import { CLUSTER } from './names.ts';
import { userServerArgs } from './server.ts';

/** A user's server. */
export const OTHER_SERVER = { 'gridlock:serverImage': 'chat.example/chat:1', 'gridlock:serverPort': '3000' };

/** The cluster of a stack with these values, as its parts see each other. */
export function madeOf(values: Readonly<Record<string, string>> = {}): Made {
  const config = stackConfig('dev', values);
  const { design, heartbeatMs } = config;
  const server = userServerArgs(config) ?? {
    ...GRIDLOCK_PORTS,
    image: 'gridlock/game:1',
    gridlock: { design, heartbeatMs },
  };
  const args = clusterArgs(config, { namespace: config.namespace, server, agentImage: 'gridlock/game:1' });
  return {
    cluster: CLUSTER,
    args,
    replicas: {
      ports: containerPorts(args),
      checkPort: namedPort(args, (args.readiness ?? args.health)?.port),
      selector: selectorOf({ cluster: CLUSTER, part: 'server' }),
    },
    redis: config.redis === 'none' ? undefined : { ports: [6379] },
  };
}

export const gaugeIn = (values?: Readonly<Record<string, string>>) => gaugeOf(madeOf(values));
export const monitoredIn = (values?: Readonly<Record<string, string>>) => monitoredOf(madeOf(values));
export const rulesIn = (values?: Readonly<Record<string, string>>) =>
  clusterRules({ cluster: CLUSTER, ...openingsOf(madeOf(values))! });
