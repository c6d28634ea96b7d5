import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Addresses that are never clients: this machine and private networks, where the edge is. */
export const PRIVATE_NETWORKS: readonly string[] = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
];

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
/** IPv4 as it is, without the form that a dual-stack listener gives it. */
const plain = (address: string) => address.trim().replace(/^::ffff:(?=\d+\.)/i, '');

const peerOf = ({ socket }: IncomingMessage) => plain(socket.remoteAddress ?? '');

/** The address from which a request came. Only proxies of the given networks are trusted. */
export class ClientAddress {
  readonly #trusted = new BlockList();

  /** `networks` in CIDR notation. Throws for an invalid one. */
  constructor(networks: readonly string[] = PRIVATE_NETWORKS) {
    for (const network of networks) {
      const [address = '', prefix = ''] = network.split('/');
      this.#trusted.addSubnet(address, Number(prefix), familyOf(address));
    }
  }

  /** The nearest address in the chain of proxies that is not a trusted one; the first when all of them are. */
  of(request: IncomingMessage): string {
    const peer = peerOf(request);
    if (!this.isProxied(request)) return peer;
    const told = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',').map(plain);
    let nearest = peer;
    for (const address of told.filter((entry) => isIP(entry) !== 0).reverse()) {
      nearest = address;
      if (!this.#isTrusted(address)) break;
    }
    return nearest;
  }

  /** Whether a trusted proxy passed a request on, so that its word counts. */
  isProxied(request: IncomingMessage): boolean {
    // The edge of this machine connects through a UNIX socket, which has no address.
    return request.socket.remoteAddress === undefined || this.#isTrusted(peerOf(request));
  }

  #isTrusted(address: string): boolean {
    return isIP(address) !== 0 && this.#trusted.check(address, familyOf(address));
  }
}

/** The group for which an address counts. An IPv6 client has a whole /64. */
export function addressGroup(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  const full = [...groups, ...Array<string>(missing).fill('0'), ...(tail ?? '').split(':').filter(Boolean)];
  return `${full
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
