import * as ec2 from '@pulumi/aws/ec2/index.js';
import * as awsEks from '@pulumi/aws/eks/index.js';
import * as iam from '@pulumi/aws/iam/index.js';
import { Provider as AwsProvider } from '@pulumi/aws/provider.js';
import * as eks from '@pulumi/eks';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { stackLabels } from '../components/labels.ts';
import type { Config } from '../config/config.ts';
import type { Cluster } from './cluster.ts';
import { clusterProvider } from './cluster.ts';

/**
 * A managed cluster on AWS in its own network. EKS runs in Auto Mode: it sizes the nodes to the pods, and provides
 * volumes and network load balancers that can speak the PROXY protocol.
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

  /** Auto Mode provides the volumes, but no StorageClass. */
  #createStorageClass(name: string): void {
    new kubernetes.storage.v1.StorageClass(
      `${name}-volumes`,
      {
        metadata: {
          name: 'encrypted',
          labels: stackLabels('encrypted', 'storage'),
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

const ADDRESSES = '10.42.0.0/16';
const ZONES = ['a', 'b', 'c'];

export interface Network {
  vpcId: pulumi.Output<string>;
  subnetIds: pulumi.Output<string>[];
}

/**
 * A network of three public subnets, one per zone. Nodes get public addresses, which security groups close: a NAT
 * gateway per zone would cost more than the nodes of a small cluster.
 */
export function createNetwork(name: string, region: string, opts: pulumi.CustomResourceOptions): Network {
  const tags = { Name: name };
  const vpc = new ec2.Vpc(
    `${name}-vpc`,
    { cidrBlock: ADDRESSES, enableDnsHostnames: true, enableDnsSupport: true, tags },
    opts,
  );
  const gateway = new ec2.InternetGateway(`${name}-gateway`, { vpcId: vpc.id, tags }, opts);
  const routes = new ec2.RouteTable(
    `${name}-routes`,
    { vpcId: vpc.id, routes: [{ cidrBlock: '0.0.0.0/0', gatewayId: gateway.id }], tags },
    opts,
  );
  const subnetIds = ZONES.map((zone, index) => {
    const subnet = new ec2.Subnet(
      `${name}-subnet-${zone}`,
      {
        vpcId: vpc.id,
        availabilityZone: `${region}${zone}`,
        cidrBlock: `10.42.${index * 64}.0/18`,
        mapPublicIpOnLaunch: true,
        // The load balancer finds its subnets by this tag.
        tags: { Name: `${name}-${zone}`, 'kubernetes.io/role/elb': '1' },
      },
      opts,
    );
    const route = { subnetId: subnet.id, routeTableId: routes.id };
    new ec2.RouteTableAssociation(`${name}-route-${zone}`, route, opts);
    return subnet.id;
  });
  return { vpcId: vpc.id, subnetIds };
}

/** The account that solves dns-01 challenges: cert-manager's own. */
const SOLVER = { namespace: 'cert-manager', serviceAccount: 'cert-manager' };

const TRUST = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    },
  ],
};

/** The permissions for a challenge in one hosted zone. */
const challengePolicy = (zone: string) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'route53:GetChange', Resource: 'arn:aws:route53:::change/*' },
    {
      Effect: 'Allow',
      Action: ['route53:ChangeResourceRecordSets', 'route53:ListResourceRecordSets'],
      Resource: `arn:aws:route53:::hostedzone/${zone}`,
    },
  ],
});

/**
 * Lets cert-manager write the records of dns-01 challenges in one hosted zone, without a key in the cluster.
 */
export function createDnsRole(
  name: string,
  args: { clusterName: string; zone: string },
  opts: pulumi.CustomResourceOptions,
): void {
  const role = new iam.Role(`${name}-dns`, { assumeRolePolicy: JSON.stringify(TRUST) }, opts);
  const policy = JSON.stringify(challengePolicy(args.zone));
  new iam.RolePolicy(`${name}-dns-policy`, { role: role.name, policy }, opts);
  new awsEks.PodIdentityAssociation(
    `${name}-dns-account`,
    { clusterName: args.clusterName, roleArn: role.arn, ...SOLVER },
    opts,
  );
}
