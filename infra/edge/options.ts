import { isIPv4 } from 'node:net';
import type { EdgeSettings } from './settings.ts';

/** One replica as the edge sees it: its address, and the port of its readiness check. */
export interface EdgeServer {
  /** ws1, ws2, ... */
  name: string;
  /** IPv6 without brackets. */
  address: string;
  port: number;
  /** Undefined for the port itself. */
  checkPort?: number;
  /** A UNIX socket through which it is reached instead of the port; the path as HAProxy sees it. */
  socket?: string;
}

/** Replicas found by name: a fixed number of server slots, filled as the name's addresses come and go. */
export interface EdgeDiscovery {
  /** A name with one address a replica, complete with its domain: no search list applies. */
  name: string;
  port: number;
  checkPort: number;
  /** At least as many as there can be replicas, old and new ones of a rollout together. */
  slots: number;
  /**
   * The key of consistent hashing. Several edges have a replica in different slots, and agree on the replica of a game
   * by `addr-port`, which HAProxy has since 3.0.
   */
  hashKey?: 'addr-port';
}

/** Everything `renderEdge` needs. Paths are as HAProxy sees them, best relative to its working directory. */
export interface EdgeOptions {
  settings: EdgeSettings;
  /** The replicas, or how to find them. */
  servers: readonly EdgeServer[] | EdgeDiscovery;
  /** Whether the servers' addresses are names, which may be unknown at first and change. */
  resolveNames?: boolean;
  /** Chain and key in one `.pem`; the Runtime API replaces it under this very name. */
  certificate: string;
  /** True when the key is in a separate file: `certificate` is then a `.crt`, and the key next to it a `.key`. */
  separateKey?: boolean;
  /** Secret behind the sticky cookie's values. */
  cookieKey: string;
  /** Runtime API socket; undefined for none. */
  runtimeSocket?: string;
  /** Address and port of the Prometheus exporter, e.g. `127.0.0.1:9101`; undefined for none. */
  metrics?: string;
  /** Whether `/healthz` is served next to the metrics. */
  health?: boolean;
  /** Addresses to listen on, as `bind` wants them (`127.0.0.1`, `[::1]`, `*`, `[::]` for both families). */
  addresses: readonly string[];
  /** Ports to listen on where they differ from the ports that clients connect to. */
  listenPorts?: { https: number; http: number };
  /** Whether a balancer in front sends the client's address by the PROXY protocol on every connection. */
  acceptProxy?: boolean;
  /** How long a peer may leave sent data unread; default: `STALLED_MS`. */
  stalledMs?: number;
  /** False on a system without TCP_USER_TIMEOUT, where HAProxy refuses the option. Linux has it. */
  hasUserTimeout?: boolean;
  /**
   * UNIX socket of the authority, which serves revocation lists below `/crl/` and answers http-01 challenges; undefined
   * for none.
   */
  authoritySocket?: string;
  /**
   * A TCP frontend that reads the ALPN and passes tls-alpn-01 challenges to a UNIX socket. It doubles the descriptors
   * of a connection; undefined for none.
   */
  tlsAlpnFront?: { challenges: string; https: string };
  /**
   * UNIX socket of the server that breaks parts of the cluster on purpose, and whether it accepts a key; undefined for
   * none.
   */
  breakIt?: { socket: string; takesKey: boolean };
}

/** True when `host` names this machine only. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1';
}

/** The addresses to listen on for a host: loopback only for a loopback name, every address otherwise. */
export function bindAddresses(host: string, ipv6: boolean): string[] {
  if (isLoopback(host)) {
    const own = isIPv4(host) ? [host] : [];
    return [...new Set(['127.0.0.1', ...own]), ...(ipv6 ? ['[::1]'] : [])];
  }
  return [ipv6 ? '[::]' : '*'];
}
