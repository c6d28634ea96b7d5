import { isIPv4 } from 'node:net';
import type { Config } from '../config.ts';

/** One replica as the edge sees it: where it serves, and where it tells that it is ready. */
export interface EdgeServer {
  /** ws1, ws2, ... */
  name: string;
  address: string;
  port: number;
  checkPort: number;
}

/** The part of the configuration the edge is rendered from. */
export type EdgeConfig = Pick<
  Config,
  | 'port'
  | 'httpPort'
  | 'design'
  | 'host'
  | 'tlsMinVersion'
  | 'heartbeatMs'
  | 'maxConnections'
  | 'connectionsPerAddress'
  | 'connectionRatePerAddress'
  | 'requestRatePerAddress'
  | 'connectionRate'
  | 'handshakeRate'
  | 'headerTimeoutMs'
  | 'maxBodyBytes'
>;

/**
 * Everything `renderEdge` needs. Paths are as HAProxy shall see them, best relative to its working directory.
 */
export interface EdgeOptions {
  config: EdgeConfig;
  servers: readonly EdgeServer[];
  /** Chain and key in one `.pem`; the Runtime API replaces it under this very name. */
  certificate: string;
  /** Secret behind the sticky cookie's values. */
  cookieKey: string;
  /** Runtime API socket; undefined for none. */
  runtimeSocket?: string;
  /** Address and port of the Prometheus exporter, e.g. `127.0.0.1:9101`; undefined for none. */
  metrics?: string;
  /** Addresses to listen on, as `bind` wants them (`127.0.0.1`, `[::1]`, `*`, `[::]` for both families). */
  addresses: readonly string[];
  /** DER file served below `/crl/`; undefined as long as there is none. */
  crlFile?: string;
}

/** True when `host` names this machine only. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1';
}

/** Where to listen for a host: on loopback only for a loopback name, on every address otherwise. */
export function bindAddresses(host: string, ipv6: boolean): string[] {
  if (isLoopback(host)) {
    const own = isIPv4(host) ? [host] : [];
    return [...new Set(['127.0.0.1', ...own]), ...(ipv6 ? ['[::1]'] : [])];
  }
  return [ipv6 ? '[::]' : '*'];
}
