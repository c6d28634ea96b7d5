import { BlockList, isIPv4 } from 'node:net';
import { AsnConvert } from '@peculiar/asn1-schema';
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from '@peculiar/asn1-x509';
import type { Names } from './names.ts';

export const NAME_CONSTRAINTS_OID = '2.5.29.30';

/** DER of the extension that permits these names, and below each DNS name its subdomains, and no other. */
export function encodeNameConstraints(names: Names): ArrayBuffer {
  const dns = names.dnsNames.map((name) => new GeneralName({ dNSName: withoutWildcard(name) }));
  const ips = names.ipAddresses.map((ip) => new GeneralName({ iPAddress: `${ip}/${isIPv4(ip) ? 32 : 128}` }));
  // A kind of name that no permitted subtree mentions is unconstrained, so it has to be excluded as a whole.
  const excluded = [
    ...(dns.length > 0 ? [] : [new GeneralName({ dNSName: '' })]),
    ...(ips.length > 0 ? [] : ['0.0.0.0/0', '::/0'].map((all) => new GeneralName({ iPAddress: all }))),
  ];
  const constraints = new NameConstraints({ permittedSubtrees: subtrees([...dns, ...ips]) });
  if (excluded.length > 0) constraints.excludedSubtrees = subtrees(excluded);
  return AsnConvert.serialize(constraints);
}

/** The names that these constraints (DER) do not permit. */
export function namesOutside(constraints: ArrayBuffer, names: Names): string[] {
  const { permittedSubtrees, excludedSubtrees } = AsnConvert.parse(constraints, NameConstraints);
  const bases = (list: GeneralSubtrees | undefined) => list?.map((subtree) => subtree.base) ?? [];
  const permitted = bases(permittedSubtrees);
  const excluded = bases(excludedSubtrees);
  const dnsAllowed = allowed(permitted, excluded, (base) => base.dNSName, dnsWithin);
  const ipAllowed = allowed(permitted, excluded, (base) => base.iPAddress, ipWithin);
  return [
    ...names.dnsNames.filter((name) => !dnsAllowed(withoutWildcard(name))),
    ...names.ipAddresses.filter((ip) => !ipAllowed(ip)),
  ];
}

type Base = GeneralSubtree['base'];

function allowed(
  permitted: readonly Base[],
  excluded: readonly Base[],
  pick: (base: Base) => string | undefined,
  within: (name: string, subtree: string) => boolean,
): (name: string) => boolean {
  const inside = permitted.map(pick).filter((subtree) => subtree !== undefined);
  const outside = excluded.map(pick).filter((subtree) => subtree !== undefined);
  return (name) =>
    (inside.length === 0 || inside.some((subtree) => within(name, subtree))) &&
    !outside.some((subtree) => within(name, subtree));
}

function dnsWithin(name: string, subtree: string): boolean {
  return subtree === '' || name === subtree || name.endsWith(`.${subtree}`);
}

function ipWithin(ip: string, subtree: string): boolean {
  const [network, prefix] = subtree.split('/');
  if (network === undefined || prefix === undefined || isIPv4(ip) !== isIPv4(network)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), isIPv4(network) ? 'ipv4' : 'ipv6');
  return list.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6');
}

function subtrees(bases: readonly GeneralName[]): GeneralSubtrees {
  return new GeneralSubtrees(bases.map((base) => new GeneralSubtree({ base })));
}

function withoutWildcard(name: string): string {
  return name.replace(/^\*\./, '');
}
