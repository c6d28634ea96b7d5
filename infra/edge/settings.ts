/** The way to keep a client at one server. */
export type Stickiness =
  | { readonly by: 'cookie' | 'source' | 'none' }
  | { readonly by: 'header' | 'query'; readonly name: string };

/** The user's own server behind the edge, as far as the edge has to know it. */
export interface UserServer {
  readonly stickiness: Stickiness;
  /** Only these paths, and what is below them, reach it; none for every path. */
  readonly socketPaths: readonly string[];
  /** Empty: it is up when its port takes a connection. */
  readonly healthPath: string;
}

/**
 * Gridlock's own replicas behind the edge. The edge knows their paths, and how to route a client back to its replica.
 */
export interface GridlockReplicas {
  /**
   * `stateless`: a browser stays at the replica in its cookie. `stateful`: a game is at the replica that its code
   * hashes to.
   */
  readonly design: 'stateless' | 'stateful';
  /** How often each side of a socket sends a heartbeat. */
  readonly heartbeatMs: number;
}

export type ServerBehind = UserServer | GridlockReplicas;

export const isGridlock = (server: ServerBehind): server is GridlockReplicas => 'design' in server;

/** The limits of one edge, in all and for one address. */
export interface EdgeLimits {
  /** Open connections over https. */
  readonly maxConnections: number;
  /** Open connections of one address. */
  readonly connectionsPerAddress: number;
  /** New connections of one address in 10 s. */
  readonly connectionRatePerAddress: number;
  /** Requests of one address in 10 s. */
  readonly requestRatePerAddress: number;
  /** Requests of one address in 10 s that the server may refuse before the address is cut off. */
  readonly refusedRatePerAddress: number;
  /** New connections a second. */
  readonly connectionRate: number;
  /** TLS handshakes a second. */
  readonly handshakeRate: number;
  /** Time to send the headers of a request, and its body. */
  readonly headerTimeoutMs: number;
  readonly maxBodyBytes: number;
}

/** Limits for a small cluster, whose clients may all be behind one address. */
export const USUAL_LIMITS: EdgeLimits = Object.freeze({
  maxConnections: 8000,
  connectionsPerAddress: 4000,
  connectionRatePerAddress: 4000,
  requestRatePerAddress: 8000,
  refusedRatePerAddress: 200,
  connectionRate: 20_000,
  handshakeRate: 1000,
  headerTimeoutMs: 5000,
  maxBodyBytes: 16_384,
});

/** Everything about an edge that does not depend on where it runs. */
export interface EdgeSettings extends EdgeLimits {
  /** The name or address that clients connect to. */
  readonly host: string;
  /** The ports that they connect to. */
  readonly port: number;
  readonly httpPort: number;
  readonly tlsMinVersion: '1.2' | '1.3';
  readonly server: ServerBehind;
  /** If undefined, the edge begins no traces. */
  readonly traces?: EdgeTraces | undefined;
}

/** The edge begins a trace for each request that it passes on. */
export interface EdgeTraces {
  /** The fraction of traces that is sampled, from 0 to 1, with at most six decimals. */
  readonly sampleRatio: number;
}
