import { annotationsOf } from './boards/annotations.ts';
import { dashboard, type Variable } from './boards/dashboard.ts';
import { certificatePanels, edgePanels } from './boards/edge-board.ts';
import { gamePanels } from './boards/game-board.ts';
import { redisPanels } from './boards/redis-board.ts';
import { AUTHORITY, type CertificateSource, certificateSource, isOfNamespace } from './certificate-source.ts';
import type { Monitored } from './monitored.ts';

/** The cluster of the boards. */
interface Places {
  /** The prefix of their names. */
  readonly stem: string;
  /** Namespaces of the replicas and of the edge, which are the initial choice. */
  readonly game: string;
  readonly edge: string;
  readonly certificates: CertificateSource | undefined;
}

const CHOSEN = 'namespace="$namespace"';
const CHOSEN_PODS = `${CHOSEN},pod=~"$pod"`;

/** The namespace and the pods that expose a metric. */
const placeOf = (metric: string, namespace: string): Variable[] => [
  { name: 'namespace', label: 'Namespace', metric, of: 'namespace', first: namespace },
  { name: 'pod', label: 'Pod', metric: `${metric}{${CHOSEN}}`, of: 'pod' },
];

const REPLICAS = 'gridlock_ready';
const NODES = 'gridlock_redis_memory_bytes';

const titleOf = (stem: string): string => `${stem.charAt(0).toUpperCase()}${stem.slice(1)}`;

function boards({ stem, game, edge, certificates }: Places): Record<string, object> {
  // Where both are in one namespace, they follow the reader's choice.
  const isOne = game === edge;
  const edgeOf = isOne ? CHOSEN : `namespace="${edge}"`;
  const gameOf = isOne ? CHOSEN : `namespace="${game}"`;
  const certificatesOf = certificates !== undefined && isOfNamespace(certificates) ? `namespace="${game}"` : undefined;
  const marks = (replicas: string, proxies: string) => annotationsOf(replicas, certificatesOf ?? proxies, certificates);
  const all = [
    dashboard({
      uid: `${stem}-game`,
      title: `${titleOf(stem)}: game`,
      variables: placeOf(REPLICAS, game),
      annotations: marks(CHOSEN, edgeOf),
      panels: gamePanels(CHOSEN_PODS),
    }),
    dashboard({
      uid: `${stem}-edge`,
      title: `${titleOf(stem)}: edge`,
      variables: placeOf('haproxy_process_current_connections', edge),
      annotations: marks(gameOf, CHOSEN),
      panels: [
        ...edgePanels(CHOSEN_PODS),
        ...(certificates === undefined ? [] : certificatePanels(certificatesOf ?? CHOSEN_PODS, certificates)),
      ],
    }),
    dashboard({
      uid: `${stem}-redis`,
      title: `${titleOf(stem)}: Redis`,
      variables: [
        ...placeOf(REPLICAS, game),
        { name: 'node', label: 'Redis', metric: `${NODES}{${CHOSEN}}`, of: 'node' },
      ],
      annotations: marks(CHOSEN, edgeOf),
      panels: redisPanels(CHOSEN_PODS, `${CHOSEN_PODS},node=~"$node"`),
    }),
  ];
  return Object.fromEntries(all.map((board) => [`${board.uid}.json`, board]));
}

/** Names of the dashboards of a cluster. */
export const boardFiles = ({ cluster, server }: Pick<Monitored, 'cluster' | 'server'>): string[] =>
  (server.kind === 'gridlock' ? ['game', 'edge', 'redis'] : ['edge']).map((board) => `${cluster}-${board}.json`);

/** Grafana's dashboards of a cluster, by file name. For a user's own server there is only the one of the edge. Pure. */
export function dashboards(monitored: Monitored): Record<string, object> {
  const { namespace, cluster, server, edge } = monitored;
  const all = boards({
    stem: cluster,
    game: namespace,
    edge: edge.pods.namespace ?? namespace,
    certificates: certificateSource(monitored),
  });
  return Object.fromEntries(boardFiles({ cluster, server }).map((file) => [file, all[file]!]));
}

/** The same for the processes of `npm start`. */
export const localDashboards = (namespace: string): Record<string, object> =>
  boards({ stem: 'gridlock', game: namespace, edge: namespace, certificates: AUTHORITY });
