import type { CertificateSummary } from '../../certs/index.ts';
import type { Config } from '../config.ts';

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
  certificates: CertificateSummary[];
}

export type Status = RunningStatus | { running: false };
