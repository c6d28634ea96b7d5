import type { Config } from '../config/config.ts';
import { renderEdge } from '../edge/render.ts';
import { MOUNT } from './paths.ts';

/** The replicas that compose.yaml names. */
export const REPLICAS = ['ws1', 'ws2', 'ws3', 'ws4'] as const;
/** Ports of a replica in its container. */
const PORT = 8080;
export const INTERNAL_PORT = 9090;

/** The edge of `npm start`, with the replicas by the names Compose gives them. Paths are the container's. */
export function composeEdgeConfig(config: Config, cookieKey: string): string {
  return renderEdge({
    config,
    servers: REPLICAS.map((name) => ({ name, address: name, port: PORT, checkPort: INTERNAL_PORT })),
    // The container of a replica that starts again may have another address.
    resolveNames: true,
    certificate: `${MOUNT}/leaf.pem`,
    cookieKey,
    addresses: ['*'],
  });
}
