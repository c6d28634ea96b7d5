import { isGridlock, type ServerBehind } from './settings.ts';

/** Time-outs of the edge in seconds, the same wherever it runs. Configured time-outs are not here. */
export const TIMEOUTS = Object.freeze({
  keepAlive: 10,
  /** Also bounds the TLS handshake. */
  client: 20,
  clientFin: 10,
  connect: 2,
  queue: 2,
  server: 30,
  serverFin: 10,
  check: 2,
});

/** Connections to replicas that fail: each repetition goes to another one. */
export const RETRIES = Object.freeze({ count: 3, redispatchEvery: 1 });

/** The protocols that TLS offers to clients. */
export const ALPN = 'h2,http/1.1';

/** How long a process that a reload replaced keeps its open sockets. */
export const HARD_STOP_SECONDS = 3600;

const SHORTEST_TUNNEL_MS = 120_000;

/**
 * How long a tunnel without traffic in either direction lives. Heartbeats go both ways, so this ends only tunnels to
 * peers that neither read nor write.
 */
export const tunnelTimeoutMs = (server: ServerBehind): number =>
  isGridlock(server) ? Math.max(SHORTEST_TUNNEL_MS, 5 * server.heartbeatMs) : 1000 * USER_TIMEOUTS.tunnel;

/** Different time-outs for the user's own server, in seconds, as its behaviour is not known. */
export const USER_TIMEOUTS = Object.freeze({
  /** The longest long poll or slow answer. */
  client: 75,
  server: 75,
  /** A socket without heartbeats may be silent this long. A dead peer is detected when data is sent to it. */
  tunnel: 3600,
});

/** A peer that acknowledges or reads nothing for this long although something was sent to it is cut off. */
export const STALLED_MS = 30_000;

/**
 * The kernel's buffer for one connection, in bytes for each direction; it uses twice that with its own records. By
 * default it holds up to 4 MiB for a peer that does not read.
 */
export const SOCKET_BUFFER_BYTES = 131_072;
/** The settings `tune.*` that have this value. */
export const SOCKET_BUFFERS = ['sndbuf.client', 'rcvbuf.client', 'sndbuf.server', 'rcvbuf.server'] as const;

/** Plain http: each connection is for one request, which is answered at once. */
export const REDIRECT = Object.freeze({
  connections: 600,
  /** Open connections of one address. */
  perAddress: 20,
  /** Time to send the request. */
  requestMs: 3000,
});

/** Limits of the log of requests. Counters count all requests. */
export const LOGGING = Object.freeze({
  lineBytes: 512,
  /** Requests of one address in 10 s, and refusals for one reason in 1 s. Requests beyond these are not logged. */
  requestsPerAddress: 100,
  refusalsPerReason: 5,
});
