// Shared by the tests of the certificates.
import * as pulumi from '@pulumi/pulumi';
import { record } from '../../render/recorder.ts';
import type { ChartPlace } from '../artifacts.ts';
import { AcmeCertificates, type AcmeCertificatesArgs } from './acme-certificates.ts';
import { CertificateChain, type CertificateChainArgs } from './certificate-chain.ts';
import { type CertificateSet, namesOfHost } from './certificate-set.ts';

export const CERTIFICATE = 'kubernetes:cert-manager.io/v1:Certificate';
export const ISSUER = 'kubernetes:cert-manager.io/v1:ClusterIssuer';
export const BUNDLE = 'kubernetes:trust.cert-manager.io/v1alpha1:Bundle';
export const RELEASE = 'kubernetes:helm.sh/v3:Release';
export const MANAGER = 'gridlock:components:CertManager';
export const CONFIG_MAP = 'kubernetes:core/v1:ConfigMap';
export const SECRET = 'kubernetes:core/v1:Secret';

const chart = (name: string, version: string): ChartPlace => ({
  chart: `oci://quay.io/jetstack/charts/${name}`,
  version,
});
export const CHARTS = {
  certManager: chart('cert-manager', 'v1.21.1'),
  trustManager: chart('trust-manager', 'v0.24.0'),
};
export const REDIS_NAMES = { dnsNames: ['chat-redis.play.svc', 'localhost'], ipAddresses: [] };

/** Of the cluster chat in the namespace play, under the resource name `certificates`. */
const common = (): CertificateChainArgs => ({
  namespace: pulumi.output('play'),
  cluster: 'chat',
  names: { edge: namesOfHost('localhost'), redis: REDIS_NAMES },
  certManager: CHARTS,
});

const recorded = (make: () => CertificateSet, preview: boolean) =>
  record(
    () => {
      const { edgeSecret, redisSecret, trust, rootCertificate } = make();
      return { edgeSecret, redisSecret, trust: pulumi.output(trust), rootCertificate };
    },
    { preview },
  );

export const runChain = (args: Partial<CertificateChainArgs> = {}, preview = false) =>
  recorded(() => new CertificateChain('certificates', { ...common(), ...args }), preview);

type AcmeArgs = Partial<AcmeCertificatesArgs> & Pick<AcmeCertificatesArgs, 'challenge'>;
export const runAcme = (args: AcmeArgs, preview = false) =>
  recorded(() => new AcmeCertificates('certificates', { ...common(), email: 'who@game.example', ...args }), preview);

export type Made = Awaited<ReturnType<typeof runChain>>;
export type Spec = Record<string, unknown>;
export const spec = (recording: Made, type: string, name: string): Spec =>
  recording.one(type, name).inputs['spec'] as Spec;
export const names = (recording: Made, type: string): string[] =>
  recording.all(type).map(({ inputs }) => (inputs['metadata'] as { name: string }).name);
