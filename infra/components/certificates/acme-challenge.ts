import type * as pulumi from '@pulumi/pulumi';

/** The authority fetches a file through the edge, on port 80. */
export interface HttpChallenge {
  readonly kind: 'http-01';
  /** Class of the ingress that leads to the file. */
  readonly ingressClass: pulumi.Input<string>;
}

/** A record in a zone of Amazon Route 53, by the role of cert-manager's service account. */
export interface Route53Challenge {
  readonly kind: 'route53';
  /** Such as `eu-central-1`. */
  readonly region: string;
  /** Such as `Z0123456789`. */
  readonly hostedZoneId: string;
}

/** A record in Google Cloud DNS. */
export interface CloudDnsChallenge {
  readonly kind: 'cloud-dns';
  /** ID of the project. */
  readonly project: string;
  /** Name of the managed zone; default: cert-manager finds it by the name of the host. */
  readonly zone?: string | undefined;
  /** Key of a service account as JSON; default: the identity of cert-manager's service account. */
  readonly key?: pulumi.Input<string> | undefined;
}

/** A record in Azure DNS. */
export interface AzureDnsChallenge {
  readonly kind: 'azure-dns';
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Such as `example.com`. */
  readonly zone: string;
  /** Of a managed identity; with a secret, of an application. */
  readonly clientId: string;
  /** Of the application; only with a secret. */
  readonly tenantId?: string | undefined;
  /** Secret of the application; default: the managed identity, by workload identity. */
  readonly secret?: pulumi.Input<string> | undefined;
}

/** A record in Cloudflare's DNS. */
export interface CloudflareChallenge {
  readonly kind: 'cloudflare';
  /** A token with the permissions Zone:Read and DNS:Edit. */
  readonly token: pulumi.Input<string>;
}

/** How to prove to an authority that the names of the edge are yours. */
export type AcmeChallenge =
  | HttpChallenge
  | Route53Challenge
  | CloudDnsChallenge
  | AzureDnsChallenge
  | CloudflareChallenge;

export interface Solver {
  /** The solver in cert-manager's form, given the name of the Secret. */
  readonly solver: (secretName: pulumi.Input<string>) => Record<string, unknown>;
  /** The content of the Secret; undefined when none is needed. */
  readonly secret?: { readonly key: string; readonly value: pulumi.Input<string> };
}

const dns01 = (provider: Record<string, unknown>) => ({ dns01: provider });

/** The solver of an issuer, and its secret part. */
export function solverOf(challenge: AcmeChallenge): Solver {
  switch (challenge.kind) {
    case 'http-01': {
      const ingress = { ingressClassName: challenge.ingressClass, serviceType: 'ClusterIP' };
      return { solver: () => ({ http01: { ingress } }) };
    }
    case 'route53': {
      const { region, hostedZoneId: hostedZoneID } = challenge;
      return { solver: () => dns01({ route53: { region, hostedZoneID } }) };
    }
    case 'cloud-dns':
      return cloudDns(challenge);
    case 'azure-dns':
      return azureDns(challenge);
    case 'cloudflare': {
      const key = 'api-token';
      const solver: Solver['solver'] = (name) => dns01({ cloudflare: { apiTokenSecretRef: { name, key } } });
      return { solver, secret: { key, value: challenge.token } };
    }
  }
}

function cloudDns({ project, zone, key: value }: CloudDnsChallenge): Solver {
  const where = { project, ...(zone === undefined ? {} : { hostedZoneName: zone }) };
  if (value === undefined) return { solver: () => dns01({ cloudDNS: where }) };
  const key = 'key.json';
  return {
    solver: (name) => dns01({ cloudDNS: { ...where, serviceAccountSecretRef: { name, key } } }),
    secret: { key, value },
  };
}

function azureDns({ subscriptionId, resourceGroup, zone, clientId, tenantId, secret }: AzureDnsChallenge): Solver {
  const where = {
    subscriptionID: subscriptionId,
    resourceGroupName: resourceGroup,
    hostedZoneName: zone,
    environment: 'AzurePublicCloud',
  };
  if (secret === undefined) {
    return { solver: () => dns01({ azureDNS: { ...where, managedIdentity: { clientID: clientId } } }) };
  }
  const key = 'client-secret';
  return {
    solver: (name) =>
      dns01({ azureDNS: { ...where, clientID: clientId, tenantID: tenantId, clientSecretSecretRef: { name, key } } }),
    secret: { key, value: secret },
  };
}
