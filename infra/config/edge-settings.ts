import type { EdgeLimits, EdgeSettings } from '../edge/settings.ts';
import type { Values } from './keys.ts';
import { edgeTraces } from './traces.ts';
import { type UserServerKeys, userServer } from './user-server.ts';

type EdgeKeys = UserServerKeys &
  Pick<
    Values,
    | keyof EdgeLimits
    | 'host'
    | 'port'
    | 'httpPort'
    | 'tlsMinVersion'
    | 'design'
    | 'heartbeatMs'
    | 'tracesEndpoint'
    | 'tracesSampleRatio'
  >;

/** The settings of the edge from the configuration, wherever it runs. */
export function edgeSettings(config: EdgeKeys): EdgeSettings {
  const { host, port, httpPort, tlsMinVersion, design, heartbeatMs } = config;
  const traces = edgeTraces(config);
  return {
    host,
    port,
    httpPort,
    tlsMinVersion,
    server: userServer(config) ?? { design, heartbeatMs },
    ...(traces === undefined ? {} : { traces }),
    ...edgeLimits(config),
  };
}

/** Type of the edge's Service: as configured; `auto` is NodePort on kind and LoadBalancer elsewhere. */
export function edgeServiceType({
  cluster,
  ingressService,
}: Pick<Values, 'cluster' | 'ingressService'>): Exclude<Values['ingressService'], 'auto'> {
  if (ingressService !== 'auto') return ingressService;
  return cluster === 'kind' ? 'NodePort' : 'LoadBalancer';
}

/** The limits of an edge from the configuration. */
export const edgeLimits = (config: Pick<Values, keyof EdgeLimits>): EdgeLimits => ({
  maxConnections: config.maxConnections,
  connectionsPerAddress: config.connectionsPerAddress,
  connectionRatePerAddress: config.connectionRatePerAddress,
  requestRatePerAddress: config.requestRatePerAddress,
  refusedRatePerAddress: config.refusedRatePerAddress,
  connectionRate: config.connectionRate,
  handshakeRate: config.handshakeRate,
  headerTimeoutMs: config.headerTimeoutMs,
  maxBodyBytes: config.maxBodyBytes,
});
