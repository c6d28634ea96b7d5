import * as ec2 from '@pulumi/aws/ec2/index.js';
import type * as pulumi from '@pulumi/pulumi';

const ADDRESSES = '10.42.0.0/16';
const ZONES = ['a', 'b', 'c'];

export interface Network {
  vpcId: pulumi.Output<string>;
  subnetIds: pulumi.Output<string>[];
}

/**
 * A network of three public subnets, one a zone. Nodes get public addresses, which security groups close: a
 * NAT gateway a zone would cost more than the nodes of a small cluster.
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
        // By this tag the load balancer finds its subnets.
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
