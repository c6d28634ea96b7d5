// What the tests of the certificates have in common.
import * as pulumi from '@pulumi/pulumi';
import { stackConfig } from '../../config/config.ts';
import { createCertificates } from '../../program/parts.ts';
import { record } from '../../render/recorder.ts';

export const CERTIFICATE = 'kubernetes:cert-manager.io/v1:Certificate';
export const ISSUER = 'kubernetes:cert-manager.io/v1:ClusterIssuer';
export const BUNDLE = 'kubernetes:trust.cert-manager.io/v1alpha1:Bundle';
export const RELEASE = 'kubernetes:helm.sh/v3:Release';
export const MANAGER = 'gridlock:components:CertManager';
export const CONFIG_MAP = 'kubernetes:core/v1:ConfigMap';

export const run = (values: Record<string, string> = {}, preview = false) =>
  record(
    () => {
      const args = { config: stackConfig('dev', values), namespace: pulumi.output('gridlock') };
      const { edgeSecret, redisSecret, metricsApiSecret, trust, rootCertificate } = createCertificates(
        'certificates',
        args,
      );
      return { edgeSecret, redisSecret, metricsApiSecret, trust: pulumi.output(trust), rootCertificate };
    },
    { preview },
  );
export const pki = (value: object) => ({ 'gridlock:pki': JSON.stringify(value) });
export type Made = Awaited<ReturnType<typeof run>>;
export type Spec = Record<string, unknown>;
export const spec = (recording: Made, type: string, name: string): Spec =>
  recording.one(type, name).inputs['spec'] as Spec;
export const names = (recording: Made, type: string): string[] =>
  recording.all(type).map(({ inputs }) => (inputs['metadata'] as { name: string }).name);
