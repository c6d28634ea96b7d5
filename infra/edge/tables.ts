/** A stick table: its counters and its key. */
export interface Table {
  readonly type: 'ipv6' | 'string';
  /** For a string key: its length in bytes; only this part distinguishes keys. */
  readonly keyBytes?: number;
  readonly size: number;
  /** Without it, entries stay: they are counters. */
  readonly expireSeconds?: number;
  readonly store: string;
}

/** The key by which clients are counted: their address; for IPv6, the network that one customer gets. */
export const CLIENT_KEY = 'src,ipmask(32,64)';

const EXPIRE_SECONDS = 30;
const CLIENTS = 102_400;

/** The same tables wherever the edge runs. */
export const TABLES = Object.freeze({
  /** Per client address, for all frontends together. */
  sources: {
    type: 'ipv6',
    size: CLIENTS,
    expireSeconds: EXPIRE_SECONDS,
    store: 'conn_cur,conn_rate(10s),http_req_rate(10s),gpc0_rate(10s)',
  },
  /** Per client address: connections of plain http. */
  httpSources: { type: 'ipv6', size: CLIENTS, expireSeconds: EXPIRE_SECONDS, store: 'conn_cur' },
  /** Refused requests, per reason. */
  refusals: { type: 'string', keyBytes: 32, size: 100, store: 'http_req_cnt,http_req_rate(1s)' },
} as const) satisfies Readonly<Record<string, Table>>;
