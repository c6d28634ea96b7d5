import { Provider as AwsProvider } from '@pulumi/aws/provider.js';
import * as eks from '@pulumi/eks';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labels } from '../components/labels.ts';
import type { Config } from '../config.ts';
import type { Cluster } from './cluster.ts';
import { createDnsRole } from './dns-role.ts';
import { createNetwork } from './network.ts';
import { clusterProvider } from './provider.ts';

/**
 * A managed cluster on AWS in its own network. EKS runs in Auto Mode: it sizes the nodes to the pods, and
 * brings volumes, and network load balancers that can speak the PROXY protocol.
 */
export class EksCluster extends pulumi.ComponentResource implements Cluster {
  readonly provider: kubernetes.Provider;
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, config: Config, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:cluster:Eks', name, {}, opts);
    const region = config.awsRegion;
    const aws = new AwsProvider(`${name}-aws`, { region: region as never }, { parent: this });
    const here = { parent: this, provider: aws };
    const network = createNetwork(name, region, here);
    const cluster = new eks.Cluster(
      `${name}-eks`,
      {
        name: config.clusterName,
        vpcId: network.vpcId,
        publicSubnetIds: network.subnetIds,
        authenticationMode: eks.AuthenticationMode.Api,
        autoMode: { enabled: true },
      },
      { parent: this, providers: { aws } },
    );
    this.kubeconfig = pulumi.secret(cluster.kubeconfigJson);
    this.provider = clusterProvider(name, this.kubeconfig, { parent: this });
    this.#createStorageClass(name);
    if (config.certificates === 'acme' && config.acmeChallenge === 'dns-01') {
      const args = { clusterName: config.clusterName, zone: config.acmeDnsZone };
      createDnsRole(name, args, { ...here, dependsOn: cluster });
    }
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }

  /** Auto Mode brings the volumes, but no class of them. */
  #createStorageClass(name: string): void {
    new kubernetes.storage.v1.StorageClass(
      `${name}-volumes`,
      {
        metadata: {
          name: 'encrypted',
          labels: labels('encrypted', 'storage'),
          annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
        },
        provisioner: 'ebs.csi.eks.amazonaws.com',
        volumeBindingMode: 'WaitForFirstConsumer',
        allowVolumeExpansion: true,
        parameters: { type: 'gp3', encrypted: 'true' },
      },
      { parent: this, provider: this.provider },
    );
  }
}
