import type { Config } from '../../config/config.ts';
import { annotationsOf } from './boards/annotations.ts';
import { dashboard, type Variable } from './boards/dashboard.ts';
import { certificatePanels, edgePanels } from './boards/edge-board.ts';
import { gamePanels } from './boards/game-board.ts';
import { redisPanels } from './boards/redis-board.ts';
import { AUTHORITY, type CertificateSource, certificateSource, isOfNamespace } from './certificate-source.ts';

/** Of which cluster the boards are. */
interface Places {
  /** Namespaces of the replicas and of the edge, which are chosen first. */
  readonly game: string;
  readonly edge: string;
  readonly certificates: CertificateSource | undefined;
}

const CHOSEN = 'namespace="$namespace"';
const CHOSEN_PODS = `${CHOSEN},pod=~"$pod"`;

/** The namespace and the pods that tell a metric. */
const placeOf = (metric: string, namespace: string): Variable[] => [
  { name: 'namespace', label: 'Namespace', metric, of: 'namespace', first: namespace },
  { name: 'pod', label: 'Pod', metric: `${metric}{${CHOSEN}}`, of: 'pod' },
];

const REPLICAS = 'gridlock_ready';
const NODES = 'gridlock_redis_memory_bytes';

function boards({ game, edge, certificates }: Places): Record<string, object> {
  // Where both are in one namespace, they follow the reader's choice.
  const isOne = game === edge;
  const edgeOf = isOne ? CHOSEN : `namespace="${edge}"`;
  const gameOf = isOne ? CHOSEN : `namespace="${game}"`;
  const certificatesOf = certificates !== undefined && isOfNamespace(certificates) ? `namespace="${game}"` : undefined;
  const marks = (replicas: string, proxies: string) => annotationsOf(replicas, certificatesOf ?? proxies, certificates);
  const all = [
    dashboard({
      uid: 'gridlock-game',
      title: 'Gridlock: game',
      variables: placeOf(REPLICAS, game),
      annotations: marks(CHOSEN, edgeOf),
      panels: gamePanels(CHOSEN_PODS),
    }),
    dashboard({
      uid: 'gridlock-edge',
      title: 'Gridlock: edge',
      variables: placeOf('haproxy_process_current_connections', edge),
      annotations: marks(gameOf, CHOSEN),
      panels: [
        ...edgePanels(CHOSEN_PODS),
        ...(certificates === undefined ? [] : certificatePanels(certificatesOf ?? CHOSEN_PODS, certificates)),
      ],
    }),
    dashboard({
      uid: 'gridlock-redis',
      title: 'Gridlock: Redis',
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

type EdgePlace = Pick<Config, 'namespace' | 'ingress' | 'charts' | 'ingressNamespace'>;

/** A controller of others is in a namespace of its own. */
const edgeNamespace = ({ ingress, charts, namespace, ingressNamespace }: EdgePlace): string =>
  ingress === 'haproxy' || charts.ingress.install ? namespace : ingressNamespace;

/** Grafana's dashboards of a stack, by file name. Pure. */
export function dashboards(config: EdgePlace & Pick<Config, 'certificates'>): Record<string, object> {
  const { namespace } = config;
  return boards({
    game: namespace,
    edge: edgeNamespace(config),
    certificates: certificateSource(config),
  });
}

/** The same for the processes of `npm start`. */
export const localDashboards = (namespace: string): Record<string, object> =>
  boards({ game: namespace, edge: namespace, certificates: AUTHORITY });
