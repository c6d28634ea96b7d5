import { readFileSync } from 'node:fs';
import { UsageError } from '../../infra/usage-error.ts';

/** The limits of this machine for one process. */
export interface MachineCapacity {
  /** Hard limit of open files; k6 raises its own soft limit to it. */
  readonly openFiles: number;
  /** Ports a source address has for connections to one destination. */
  readonly ports: number;
}

/** The share of them that a run uses. */
export interface CapacityDemand {
  readonly sockets: number;
  readonly vus: number;
  /** Connections opened over the whole run, because a closed one holds its port for a minute. */
  readonly connections: number;
  /** Whether the cluster has a loopback address, so that every 127.x.x.x can be a source. */
  readonly loopback: boolean;
  /** Whether the edge runs under the same limit of open files. It needs two per socket. */
  readonly ownEdge: boolean;
}

const SPARE_FILES = 200;
/** Listeners, checks and other frontends of the edge. */
const EDGE_SPARE_FILES = 1200;
const MOST_ADDRESSES = 64;
/** Not up to the last port, because others on the machine connect too. */
const SHARE_OF_PORTS = 0.8;

/** The number of addresses in `--local-ips`: ranges, separated by commas. A network counts as unknown. */
export function countAddresses(localIps: string | undefined): number {
  if (localIps === undefined) return 1;
  return localIps.split(',').reduce((sum, range) => {
    const [first = 0, last = first] = range
      .split('-')
      .map((address) => address.split('.').reduce((number, part) => number * 256 + Number(part), 0));
    return sum + (last >= first ? last - first + 1 : 1);
  }, 0);
}

export function readMachineCapacity(): MachineCapacity {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const limit = /^Max open files\s+\S+\s+(\S+)/m.exec(read('/proc/self/limits'))?.[1];
  const [first, last] = read('/proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number);
  return {
    openFiles: limit === undefined || limit === 'unlimited' ? Infinity : Number(limit),
    ports: first !== undefined && last !== undefined ? last - first + 1 : 16_384,
  };
}

/**
 * Checks before the run whether it fits. Returns the value of `--local-ips` when one source address has too few ports.
 * @throws UsageError that names the limit
 */
export function requireMachineCapacity(demand: CapacityDemand, capacity: MachineCapacity): string | undefined {
  const { sockets, vus, connections, loopback, ownEdge } = demand;
  const files = sockets + 2 * vus + SPARE_FILES;
  if (files > capacity.openFiles) {
    throw new UsageError(
      `${sockets} sockets take ${files} open files of k6, and ${capacity.openFiles} are allowed: ` +
        'raise the hard limit (ulimit -Hn) or hold fewer sockets.',
    );
  }
  const edgeFiles = 2 * sockets + EDGE_SPARE_FILES;
  if (ownEdge && edgeFiles > capacity.openFiles) {
    throw new UsageError(
      `${sockets} sockets take ${edgeFiles} open files of the edge, two each, and ${capacity.openFiles} are allowed: ` +
        'raise the hard limit (ulimit -Hn) or hold fewer sockets.',
    );
  }
  const each = Math.floor(capacity.ports * SHARE_OF_PORTS);
  const addresses = Math.ceil(connections / each);
  if (addresses <= 1) return undefined;
  if (!loopback) {
    throw new UsageError(
      `${connections} connections take more than the ${each} ports of one source address: widen ` +
        'net.ipv4.ip_local_port_range, or name more addresses of this machine with --local-ips.',
    );
  }
  return sourcesOf(Math.min(MOST_ADDRESSES, addresses));
}

/** This many source addresses on loopback, as a value of `--local-ips`; undefined for zero. */
export function sourcesOf(addresses: number): string;
export function sourcesOf(addresses: number | undefined): string | undefined;
export function sourcesOf(addresses: number | undefined): string | undefined {
  return addresses === undefined ? undefined : `127.0.0.2-127.0.0.${1 + addresses}`;
}
