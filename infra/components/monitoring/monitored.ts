/** Pods whose metrics are read. */
export interface MonitoredPods {
  /** Default: the namespace of the cluster. */
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Ports, by the names that the containers give them, each with the path of its metrics. */
  readonly endpoints: readonly { readonly port: string; readonly path: string }[];
}

/** A WebSocket cluster as its metrics describe it. */
export interface Monitored {
  readonly cluster: string;
  readonly namespace: string;
  /** The replicas: Gridlock's own, or a server of anybody's, of which only what Kubernetes tells is known. */
  readonly server: { readonly kind: 'gridlock' | 'other'; readonly pods?: MonitoredPods | undefined };
  readonly edge: {
    readonly pods: MonitoredPods;
    /** The port that tells the counters of refused requests too; undefined: nobody counts them. */
    readonly refusalsPort?: string | undefined;
    /** Whether the edge has metrics of the certificate that it serves. */
    readonly tellsCertificate: boolean;
  };
  /** Undefined: there is none, or the replicas have no metrics of it. */
  readonly redis?: 'single' | 'sentinel' | 'external' | undefined;
  /** Whether the replicas are scaled. */
  readonly isScaled: boolean;
  readonly certificates: {
    /** Undefined: cert-manager has none of them. */
    readonly certManager?:
      | {
          readonly namespace: string;
          /** The generation of the root that issues; undefined: that of a chain on which nothing was rotated. */
          readonly issuing?: string | undefined;
        }
      | undefined;
  };
}

/** Name of the PodMonitor of the replicas, and of the edge. */
export const monitorOf = ({ cluster }: Pick<Monitored, 'cluster'>, pods: 'server' | 'edge'): string =>
  `${cluster}-${pods}`;

/**
 * Matchers of the series that the replicas tell: Prometheus calls the job of a PodMonitor by its namespace and name,
 * which tells two clusters of one namespace apart.
 */
export const seriesOf = (monitored: Pick<Monitored, 'cluster' | 'namespace'>): string =>
  `namespace="${monitored.namespace}",job="${monitored.namespace}/${monitorOf(monitored, 'server')}"`;
