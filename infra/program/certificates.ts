// How the configuration of a stack becomes its certificates.
import type { AcmeChallenge } from '../components/certificates/acme-challenge.ts';
import type { CertificateChainArgs } from '../components/certificates/certificate-chain.ts';
import { type Names, namesOfHost } from '../components/certificates/certificate-set.ts';
import { scopeOf } from '../components/names.ts';
import { redisDnsNames } from '../components/redis/redis-connection.ts';
import type { CertificatesChoice } from '../components/web-socket-cluster-args.ts';
import { type Config, fromCheckout } from '../config/config.ts';
import { isLoopback } from '../edge/options.ts';
import { readCertificateDirectory, type WantedNames } from './certificate-directory.ts';
import { chartPlace } from './charts.ts';
import { CLUSTER } from './names.ts';
import { isProtected } from './protection.ts';
import { prometheus } from './scaling.ts';

type NamedBy = Pick<Config, 'host' | 'namespace' | 'cluster' | 'redis'>;

/** The names in the certificates of a stack. */
export function namesOf({ host, namespace, cluster, redis }: NamedBy): WantedNames {
  return {
    // A kind cluster's ports are bound to loopback, and clients use any of its names.
    edge: namesOfHost(host, cluster === 'kind' || isLoopback(host)),
    ...(redis === 'single' || redis === 'sentinel'
      ? { redis: { dnsNames: redisDnsNames(CLUSTER, namespace), ipAddresses: [] } }
      : {}),
  };
}

/** The names in the edge's certificate. */
export const certificateNamesOf = (config: NamedBy): Names => namesOf(config).edge;

/** A private chain, the edge's certificate by ACME, or all from files. */
export function certificatesOf(config: Config): CertificatesChoice {
  if (config.certificates === 'files') {
    const { roots, leaves } = readCertificateDirectory(fromCheckout(config.certificatesDir), namesOf(config));
    return { files: { roots, ...leaves } };
  }
  const chain = { pki: config.pki, certManager: certManagerOf(config), protect: isProtected(config) };
  if (config.certificates === 'cert-manager') return { chain };
  const { acmeServer: server, acmeEmail: email } = config;
  return { acme: { ...chain, server, email, challenge: challengeOf(config) } };
}

function certManagerOf(config: Config): NonNullable<CertificateChainArgs['certManager']> {
  const { certManager, trustManager } = config.charts;
  return {
    certManager: certManager.install ? chartPlace(config, 'certManager') : undefined,
    trustManager: trustManager.install ? chartPlace(config, 'trustManager') : undefined,
    // On a laptop one of each is enough; elsewhere the loss of a node must not take the last one.
    replicas: config.cluster === 'kind' ? 1 : 2,
    acme: config.certificates === 'acme',
    prometheus: prometheus(config),
    azureIdentity: isByDns(config) && config.acmeDns === 'azure-dns' && config.acmeDnsSecret === '',
  };
}

const isByDns = ({ certificates, acmeChallenge }: Config): boolean =>
  certificates === 'acme' && acmeChallenge === 'dns-01';

function challengeOf(config: Config): AcmeChallenge {
  if (config.acmeChallenge === 'http-01') return { kind: 'http-01', ingressClass: ingressClassOf(config) };
  const { acmeDns, acmeDnsZone: zone } = config;
  switch (acmeDns) {
    case 'route53':
      return { kind: acmeDns, region: config.awsRegion, hostedZoneId: zone };
    case 'cloud-dns':
      return { kind: acmeDns, project: config.acmeDnsProject, zone: filled(zone), key: filled(config.acmeDnsSecret) };
    case 'azure-dns':
      return { kind: acmeDns, ...config.acmeAzure, zone, secret: filled(config.acmeDnsSecret) };
    case 'cloudflare':
      return { kind: acmeDns, token: config.acmeDnsSecret };
  }
}

const filled = (text: string): string | undefined => (text === '' ? undefined : text);

/** The class of this cluster's controller, or of the existing one. */
const ingressClassOf = ({ charts, namespace, ingressClass }: Config): string =>
  charts.ingress.install ? scopeOf(namespace, CLUSTER) : ingressClass;
