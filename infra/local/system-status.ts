import path from 'node:path';
import type { CertificateSummary } from '../../certs/index.ts';
import type { Config } from '../config/config.ts';
import { urlOf } from '../config/origin.ts';
import { describeCertificateFile, type ServedCertificate } from './certificates.ts';
import { type Replica, replicaReady } from './replica-process.ts';
import type { StatePaths } from './state-paths.ts';
import type { SupervisedProcess } from './supervised-process.ts';

/** The internal ports of one run, and its replicas. */
export interface Plan {
  redisPort: number;
  /** Undefined when HAProxy has no Prometheus exporter. */
  metricsPort: number | undefined;
  replicas: Replica[];
}

export interface ReplicaStatus {
  /** ws1, ws2, ... */
  name: string;
  /** 1111, 2222, ... */
  appId: string;
  /** Undefined while it is being restarted. */
  pid?: number;
  port: number;
  internalPort: number;
  restarts: number;
  ready: boolean;
}

/** What `npm run status` prints of a running system. Paths are absolute. */
export interface RunningStatus {
  running: true;
  pid: number;
  url: string;
  httpUrl: string;
  /** The operations page, as the first replica serves it; every other one does on its internal port. */
  operationsUrl: string;
  design: Config['design'];
  stateDir: string;
  rootCertificate: string;
  startedAt: string;
  edge: {
    pid?: number;
    port: number;
    httpPort: number;
    metricsPort?: number;
    runtimeSocket: string;
    restarts: number;
  };
  redis: { pid?: number; port: number; restarts: number };
  replicas: ReplicaStatus[];
  /** Root, intermediate and leaf of the own authority; none while a file of them is missing. */
  certificates: CertificateSummary[];
  /** Only with a certificate file: what the edge serves. */
  certificateFile?: ServedCertificate;
}

export type Status = RunningStatus | { running: false };

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
  const certificates = () => {
    try {
      return readChain(paths.pki).certificates;
    } catch {
      // A file of it was deleted: it is issued again when the edge restarts.
      return [];
    }
  };
  const runOf = (name: string) => {
    const { pid, restarts = 0 } = system.process(name) ?? {};
    return { ...(pid === undefined ? {} : { pid }), restarts };
  };
  return {
    running: true,
    pid: process.pid,
    url: urlOf('https', host, port),
    httpUrl: urlOf('http', host, httpPort),
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
    certificates: system.complete ? certificates() : [],
  };
}
