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

export interface ProcessStatus {
  /** Undefined while it is being restarted. */
  pid?: number;
  port: number;
  restarts: number;
}

/** The status of the processes that every cluster has, whatever is behind its edge. Paths are absolute. */
export interface EdgeStatus {
  running: true;
  pid: number;
  url: string;
  httpUrl: string;
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
  /** Root, intermediate and leaf of the cluster's own authority; empty while one of their files is missing. */
  certificates: CertificateSummary[];
  /** Only with a certificate file: the certificate that the edge serves. */
  certificateFile?: ServedCertificate;
}

/** The status of a cluster of Gridlock's replicas, as `npm run status` prints it. */
export interface RunningStatus extends EdgeStatus {
  /** The operations page of the first replica; each of the others serves it on its internal port. */
  operationsUrl: string;
  design: Config['design'];
  redis: ProcessStatus;
  replicas: ReplicaStatus[];
}

/** One of the user's own servers. */
export interface ServerStatus {
  /** ws1, ws2, ... */
  name: string;
  /** host:port */
  address: string;
  port: number;
  /** Whether the edge sends it requests. */
  up: boolean;
  /** Open sockets and requests through the edge. */
  sessions: number;
  /** Only for a server that we started: 1111, 2222, ... */
  appId?: string;
  /** Undefined while it is being restarted. */
  pid?: number;
  restarts?: number;
}

/** The status of the user's own servers behind the edge, as `npm run status` prints it. */
export interface UserServerStatus extends EdgeStatus {
  server: {
    /** The command that was started, and its directory; undefined for servers that already ran. */
    command?: string;
    directory?: string;
    sticky: string;
    /** Empty for every path. */
    socketPaths: readonly string[];
    healthPath: string;
  };
  servers: ServerStatus[];
  redis?: ProcessStatus;
}

export type AnyStatus = RunningStatus | UserServerStatus;
export type Status = AnyStatus | { running: false };

export interface System {
  config: Config;
  paths: StatePaths;
  plan: Plan;
  startedAt: Date;
  process(name: string): SupervisedProcess | undefined;
  /** False while it starts: the certificates may still be being made. */
  complete: boolean;
}

/** The process part of a status. */
export function runOf({ process }: Pick<System, 'process'>, name: string): { pid?: number; restarts: number } {
  const { pid, restarts = 0 } = process(name) ?? {};
  return { ...(pid === undefined ? {} : { pid }), restarts };
}

/** Describes the processes that every cluster has, whatever is behind its edge. */
export async function describeEdge(
  { config, paths, startedAt, ...system }: Omit<System, 'plan'>,
  metricsPort: number | undefined,
): Promise<EdgeStatus> {
  const { host, port, httpPort } = config;
  const certificateFile = system.complete ? await describeCertificateFile(config, paths) : undefined;
  const { readChain } = await import('../../certs/index.ts');
  const certificates = () => {
    try {
      return readChain(paths.pki).certificates;
    } catch {
      // A file of the chain was deleted: the chain is issued again when the edge restarts.
      return [];
    }
  };
  return {
    running: true,
    pid: process.pid,
    url: urlOf('https', host, port),
    httpUrl: urlOf('http', host, httpPort),
    stateDir: paths.root,
    rootCertificate: path.join(paths.pki, 'root.pem'),
    startedAt: startedAt.toISOString(),
    edge: {
      ...runOf(system, 'haproxy'),
      port,
      httpPort,
      ...(metricsPort === undefined ? {} : { metricsPort }),
      runtimeSocket: paths.runtimeSocket,
    },
    ...(certificateFile === undefined ? {} : { certificateFile }),
    certificates: system.complete ? certificates() : [],
  };
}

/** Describes a running system; asks each replica whether it is ready. */
export async function describeSystem({ plan, ...system }: System): Promise<RunningStatus> {
  const { redisPort, metricsPort, replicas } = plan;
  return {
    ...(await describeEdge(system, metricsPort)),
    operationsUrl: `http://127.0.0.1:${replicas[0]!.internalPort}/ops/`,
    design: system.config.design,
    redis: { ...runOf(system, 'redis'), port: redisPort },
    replicas: await Promise.all(
      replicas.map(async (replica) => ({
        ...replica,
        ...runOf(system, replica.name),
        ready: (await replicaReady(replica)) ?? false,
      })),
    ),
  };
}
