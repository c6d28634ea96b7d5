import type { EdgeDiscovery, EdgeOptions } from './options.ts';
import { quote, section } from './syntax.ts';

const isDiscovery = (servers: EdgeOptions['servers']): servers is EdgeDiscovery => 'slots' in servers;
const RESOLVED = 'resolvers cluster resolve-prefer ipv4';

/** The servers of the replicas: one each, or a template with as many as there is room for. */
export function serverLines({ servers, resolveNames = false }: EdgeOptions): string[] {
  if (!isDiscovery(servers)) {
    // A name that is not known yet keeps nobody waiting: HAProxy starts, and asks until it is.
    const found = resolveNames ? ` ${RESOLVED} init-addr last,libc,none` : '';
    return servers.map(({ name, address, port, checkPort, socket }) =>
      socket === undefined
        ? `server ${name} ${address}:${port} port ${checkPort}${found}`
        : `server ${name} ${quote(`unix@${socket}`)} addr ${address} port ${checkPort}`,
    );
  }
  const { name, port, checkPort, slots, hashKey } = servers;
  const key = hashKey === undefined ? '' : ` hash-key ${hashKey}`;
  return [`server-template ws 1-${slots} ${name}:${port} port ${checkPort} ${RESOLVED} init-addr none${key}`];
}

/** Whether anything is found by name. */
export const needsResolvers = ({ servers, resolveNames }: EdgeOptions): boolean =>
  isDiscovery(servers) || resolveNames === true;

/** The name servers that `/etc/resolv.conf` names. */
export const resolversSection = section('resolvers cluster', [
  'parse-resolv-conf',
  // Room for the addresses of a few hundred replicas.
  'accepted_payload_size 8192',
  'resolve_retries 3',
  'timeout resolve 1s',
  'timeout retry 500ms',
  // An address that is gone is gone; a name server that is away for a moment takes no replica out.
  'hold valid 1s',
  'hold obsolete 1s',
  'hold nx 30s',
  'hold timeout 30s',
  'hold refused 30s',
  'hold other 30s',
]);
