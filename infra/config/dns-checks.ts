// What the keys of a challenge by DNS must agree on.
import { type Check, type Complaint, needs } from './complaint.ts';
import type { Key, Values } from './keys.ts';

type Provider = Values['acmeDns'];

/** The keys that only some providers have. */
const KEYS_OF: Readonly<Record<Provider, readonly Key[]>> = {
  route53: ['acmeDnsZone'],
  'cloud-dns': ['acmeDnsZone', 'acmeDnsProject', 'acmeDnsSecret'],
  'azure-dns': ['acmeDnsZone', 'acmeAzure', 'acmeDnsSecret'],
  cloudflare: ['acmeDnsSecret'],
};
const ALL = [...new Set(Object.values(KEYS_OF).flat())];

/** The provider has what it needs, and no key is for another one. */
export const checkDnsChallenge: Check = (values, given) => {
  const { certificates, acmeChallenge, acmeDns } = values;
  if (certificates !== 'acme' || acmeChallenge !== 'dns-01') return undefined;
  const stray = ALL.find((key) => given.has(key) && !KEYS_OF[acmeDns].includes(key));
  if (stray) {
    return {
      keys: [stray],
      problem: `${stray} is set, which acmeDns: ${acmeDns} does not use`,
      remedy: 'unset it, or set acmeDns to the provider that it is for',
    };
  }
  return missing(values, given.has('acmeDnsSecret'));
};

function missing(values: Values, secret: boolean): Complaint | undefined {
  const { acmeDns, acmeDnsZone, acmeDnsProject, acmeAzure } = values;
  const wants = (key: string, example: string) => needs('acmeChallenge', `dns-01 by ${acmeDns}`, key, example);
  switch (acmeDns) {
    case 'route53':
      return /^Z[A-Z0-9]{3,31}$/.test(acmeDnsZone)
        ? undefined
        : wants('acmeDnsZone', 'the ID of the Route 53 zone of the host, such as Z0123456789');
    case 'cloud-dns':
      return acmeDnsProject === '' ? wants('acmeDnsProject', 'the ID of the project of the zone') : undefined;
    case 'cloudflare':
      return secret ? undefined : wants('acmeDnsSecret', 'a token that may read zones and edit their DNS');
    case 'azure-dns': {
      if (!acmeDnsZone.includes('.')) return wants('acmeDnsZone', 'the name of the zone, such as example.com');
      const fields = ['subscriptionId', 'resourceGroup', 'clientId', ...(secret ? ['tenantId' as const] : [])] as const;
      const empty = fields.find((field) => acmeAzure[field] === '');
      return empty && wants(`${empty} of acmeAzure`, 'what the Azure portal shows of the zone and the identity');
    }
  }
}
