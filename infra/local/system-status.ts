import path from 'node:path';
import type { Config } from '../config/config.ts';
import { describeCertificateFile } from './certificate-file.ts';
import type { SupervisedProcess } from './process.ts';
import { type Replica, replicaReady } from './replicas.ts';
import type { StatePaths } from './state-paths.ts';
import type { RunningStatus } from './status-types.ts';

/** The internal ports of one run, and its replicas. */
export interface Plan {
  redisPort: number;
  /** Undefined when HAProxy has no Prometheus exporter. */
  metricsPort: number | undefined;
  replicas: Replica[];
}

/** scheme://host, with the port unless it is the scheme's own. */
export function edgeUrl(scheme: 'http' | 'https', host: string, port: number): string {
  const standard = port === (scheme === 'https' ? 443 : 80);
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}${standard ? '' : `:${port}`}`;
}

export interface System {
  config: Config;
  paths: StatePaths;
  plan: Plan;
  startedAt: Date;
  process(name: string): SupervisedProcess | undefined;
  /** False while it starts: the certificates may still be being made. */
  complete: boolean;
}

/** Describes a running system, asking each replica whether it is ready. */
export async function describeSystem({ config, paths, plan, startedAt, ...system }: System): Promise<RunningStatus> {
  const { design, host, port, httpPort } = config;
  const { redisPort, metricsPort, replicas } = plan;
  const certificateFile = system.complete ? await describeCertificateFile(config, paths) : undefined;
  const { readChain } = await import('../../certs/index.ts');
  const runOf = (name: string) => {
    const { pid, restarts = 0 } = system.process(name) ?? {};
    return { ...(pid === undefined ? {} : { pid }), restarts };
  };
  return {
    running: true,
    pid: process.pid,
    url: edgeUrl('https', host, port),
    httpUrl: edgeUrl('http', host, httpPort),
    operationsUrl: `http://127.0.0.1:${replicas[0]!.internalPort}/ops/`,
    design,
    stateDir: paths.root,
    rootCertificate: path.join(paths.pki, 'root.pem'),
    startedAt: startedAt.toISOString(),
    edge: {
      ...runOf('haproxy'),
      port,
      httpPort,
      ...(metricsPort === undefined ? {} : { metricsPort }),
      runtimeSocket: paths.runtimeSocket,
    },
    redis: { ...runOf('redis'), port: redisPort },
    replicas: await Promise.all(
      replicas.map(async (replica) => ({
        ...replica,
        ...runOf(replica.name),
        ready: (await replicaReady(replica)) ?? false,
      })),
    ),
    ...(certificateFile === undefined ? {} : { certificateFile }),
    certificates: system.complete ? readChain(paths.pki).certificates : [],
  };
}
