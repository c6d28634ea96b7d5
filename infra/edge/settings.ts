/** What keeps a client at one server. */
export type Stickiness =
  | { readonly by: 'cookie' | 'source' | 'none' }
  | { readonly by: 'header' | 'query'; readonly name: string };

/** A server of anybody's behind the edge, as far as the edge has to know it. */
export interface UserServer {
  readonly stickiness: Stickiness;
  /** Only these paths, and what is below them, reach it; none for every path. */
  readonly socketPaths: readonly string[];
  /** Empty: it is up when its port takes a connection. */
  readonly healthPath: string;
}

/** Gridlock's own replicas behind the edge: it knows their paths, and how they are found again. */
export interface GridlockReplicas {
  /** `stateless`: a browser stays where its cookie says. `stateful`: a game is held where its code hashes to. */
  readonly design: 'stateless' | 'stateful';
  /** How often either side of a socket shows that it is there. */
  readonly heartbeatMs: number;
}

export type ServerBehind = UserServer | GridlockReplicas;

export const isGridlock = (server: ServerBehind): server is GridlockReplicas => 'design' in server;

/** What one edge takes, in all and from one address. */
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
}
