import type * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { Config } from '../config/config.ts';
import type { Cluster } from './cluster.ts';
import { clusterProvider } from './cluster.ts';
import { readKubeconfig } from './kubeconfig.ts';

/**
 * A cluster that is there, by a context of a kubeconfig. Nothing of it but what the stack installs is
 * touched.
 */
export class ExistingCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: kubernetes.Provider;
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, config: Config, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:cluster:Existing', name, {}, opts);
    this.kubeconfig = pulumi.secret(readKubeconfig(config));
    this.provider = clusterProvider(name, this.kubeconfig, { parent: this });
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }
}
