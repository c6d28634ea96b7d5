import type { CertificateSummary } from '../../certs/index.ts';
import type { Config } from '../config/config.ts';

/** A certificate of one's own that the edge serves instead of the authority's leaf. */
export type ServedCertificate = Omit<CertificateSummary, 'role'> & {
  /** Why what is in the file now is not what is served. */
  problem?: string;
};

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
  /** Root, intermediate and leaf of the own authority. */
  certificates: CertificateSummary[];
  /** Only with a certificate file: what the edge serves. */
  certificateFile?: ServedCertificate;
}

export type Status = RunningStatus | { running: false };
