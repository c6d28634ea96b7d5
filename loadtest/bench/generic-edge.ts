import { readFileSync, writeFileSync } from 'node:fs';
import { readConfig } from '../../infra/config/config.ts';
import { edgeSpec } from '../../infra/local/edge-process.ts';
import { edgeServers } from '../../infra/local/replica-process.ts';
import type { StatePaths } from '../../infra/local/state-paths.ts';
import type { ProcessSpec } from '../../infra/local/supervised-process.ts';

export interface GenericEdge {
  readonly binary: string;
  readonly port: number;
  readonly httpPort: number;
  readonly servers: readonly { name: string; port: number; internalPort: number; socket?: string }[];
  readonly readyPath: string;
}

const MANY = 1_000_000;

/**
 * The project's edge in front of any system: one thread, no limit that a crowd from one address would reach, sockets on
 * every path, and a response header that names the replica of the socket.
 */
export function genericEdge(
  paths: StatePaths,
  { binary, port, httpPort, servers, readyPath }: GenericEdge,
): ProcessSpec {
  const config = {
    ...readConfig({ directory: '/nonexistent' }),
    port,
    httpPort,
    maxConnections: 50_000,
    connectionsPerAddress: MANY,
    connectionRatePerAddress: MANY,
    requestRatePerAddress: MANY,
    refusedRatePerAddress: MANY,
    connectionRate: MANY,
    handshakeRate: MANY,
  };
  const spec = edgeSpec(config, paths, { binary, servers: edgeServers(servers), metricsPort: undefined });
  writeFileSync(paths.edgeConfig, forAnySystem(readFileSync(paths.edgeConfig, 'utf8'), readyPath));
  return spec;
}

/** @throws Error when the configuration is not as expected, because the comparison would then be unfair */
export function forAnySystem(text: string, readyPath: string): string {
  const change = (pattern: RegExp, replacement: string, given: string) => {
    if (!pattern.test(given)) throw new Error(`The edge's configuration has nothing that matches ${pattern}.`);
    return given.replace(pattern, replacement);
  };
  const oneThread = change(/^global$/m, 'global\n  nbthread 1', text);
  // The rules for the paths of sockets and for other requests are Gridlock's own.
  const anyPath = change(/^ {2}http-request return .*\bis_(socket|upgrade)\b.*\n/gm, '', oneThread);
  const told = change(
    /^ {2}default_backend replicas$/m,
    '  http-response set-header X-Served-By %[srv_name]\n  default_backend replicas',
    anyPath,
  );
  return change(/uri \/readyz /, `uri ${readyPath} `, told);
}
