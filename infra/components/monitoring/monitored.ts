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
  /** The replicas: Gridlock's own, or a user's server, of which only the metrics of Kubernetes are known. */
  readonly server: { readonly kind: 'gridlock' | 'other'; readonly pods?: MonitoredPods | undefined };
  readonly edge: {
    readonly pods: MonitoredPods;
    /** The port that also exposes the counters of refused requests; undefined when they are not counted. */
    readonly refusalsPort?: string | undefined;
    /** Whether the edge has metrics of the certificate that it serves. */
    readonly tellsCertificate: boolean;
  };
  /** Undefined: there is none, or the replicas have no metrics of it. */
  readonly redis?: 'single' | 'sentinel' | 'external' | undefined;
  /** Whether the replicas are scaled. */
  readonly isScaled: boolean;
  readonly certificates: {
    /** Undefined when cert-manager manages none of them. */
    readonly certManager?:
      | {
          readonly namespace: string;
          /** The generation of the root that issues; default: that of a chain that was never rotated. */
          readonly issuing?: string | undefined;
        }
      | undefined;
  };
}

/** Name of the PodMonitor of the replicas, and of the edge. */
export const monitorOf = ({ cluster }: Pick<Monitored, 'cluster'>, pods: 'server' | 'edge'): string =>
  `${cluster}-${pods}`;

/**
 * Matchers of the replicas' series. Prometheus names the job of a PodMonitor by its namespace and name, which
 * distinguishes two clusters in one namespace.
 */
export const seriesOf = (monitored: Pick<Monitored, 'cluster' | 'namespace'>): string =>
  `namespace="${monitored.namespace}",job="${monitored.namespace}/${monitorOf(monitored, 'server')}"`;
