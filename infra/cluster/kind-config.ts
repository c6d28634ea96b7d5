import type { Config } from '../config/config.ts';

const LOOPBACK = '127.0.0.1';

interface Node {
  role: 'control-plane' | 'worker';
  image?: string;
  extraPortMappings?: { containerPort: number; hostPort: number; listenAddress: string; protocol: string }[];
}

type KindSettings = Pick<Config, 'nodeImage' | 'workers' | 'port' | 'httpPort' | 'nodePort' | 'httpNodePort'>;

/** kind's own configuration: one control plane, which maps the ports, and the workers. */
export function kindConfig(config: KindSettings) {
  const image = config.nodeImage === '' ? {} : { image: config.nodeImage };
  const mapping = (containerPort: number, hostPort: number) => ({
    containerPort,
    hostPort,
    listenAddress: LOOPBACK,
    protocol: 'TCP',
  });
  const nodes: Node[] = [
    {
      role: 'control-plane',
      ...image,
      extraPortMappings: [mapping(config.nodePort, config.port), mapping(config.httpNodePort, config.httpPort)],
    },
    ...Array.from({ length: config.workers }, (): Node => ({ role: 'worker', ...image })),
  ];
  return {
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    kind: 'Cluster',
    networking: { apiServerAddress: LOOPBACK },
    nodes,
  };
}
