import type * as pulumi from '@pulumi/pulumi';
import type { Config } from '../config.ts';
import { CertificateChain } from './certificate-chain.ts';
import { CertificateFiles } from './certificate-files.ts';
import { AcmeCertificates } from './certificates-acme.ts';

/** Where pods find the roots they accept. */
export interface TrustSource {
  /** Name of the ConfigMap, in the game's namespace. */
  readonly configMap: pulumi.Output<string>;
  /** Its key with all accepted roots as PEM. */
  readonly key: string;
}

/** The certificates of a cluster, wherever they come from. */
export interface CertificateSet {
  /**
   * Names of Secrets of type `kubernetes.io/tls` in the game's namespace; each is known once the Secret is
   * there. `tls.crt` has the leaf and what is between it and its root.
   */
  readonly edgeSecret: pulumi.Output<string>;
  readonly redisSecret: pulumi.Output<string>;
  readonly metricsApiSecret: pulumi.Output<string>;
  /** The roots that pods accept from each other. */
  readonly trust: TrustSource;
  /**
   * All roots that vouch for the chain as PEM; what clients of the edge need unless it is one of the public
   * ones.
   */
  readonly rootCertificate: pulumi.Output<string>;
}

export interface CertificatesArgs {
  readonly config: Config;
  /** Namespace of the game. */
  readonly namespace: pulumi.Input<string>;
}

/** The certificates as the configuration wants them: an own chain, the edge's by ACME, or all from files. */
export function createCertificates(
  name: string,
  args: CertificatesArgs,
  opts?: pulumi.ComponentResourceOptions,
): CertificateSet {
  switch (args.config.certificates) {
    case 'cert-manager':
      return new CertificateChain(name, args, opts);
    case 'acme':
      return new AcmeCertificates(name, args, opts);
    case 'files':
      return new CertificateFiles(name, args, opts);
  }
}
