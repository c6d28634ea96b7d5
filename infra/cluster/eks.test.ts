import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadBalancerAnnotations } from '../components/edge/load-balancer.ts';
import { stackConfig } from '../config/config.ts';
import { createCluster } from '../program/create-cluster.ts';
import { record } from '../render/recorder.ts';
import { UNKNOWN } from '../render/registration.ts';

const NETWORK = [
  ['pulumi:providers:aws', 'cluster-aws'],
  ['aws:ec2/vpc:Vpc', 'cluster-vpc'],
  ['aws:ec2/internetGateway:InternetGateway', 'cluster-gateway'],
  ['aws:ec2/routeTable:RouteTable', 'cluster-routes'],
  ...['a', 'b', 'c'].flatMap((zone) => [
    ['aws:ec2/subnet:Subnet', `cluster-subnet-${zone}`] as const,
    ['aws:ec2/routeTableAssociation:RouteTableAssociation', `cluster-route-${zone}`] as const,
  ]),
] as const;
const CLUSTER = [
  ['eks:index:Cluster', 'cluster-eks'],
  ['pulumi:providers:kubernetes', 'cluster-provider'],
  ['kubernetes:storage.k8s.io/v1:StorageClass', 'cluster-volumes'],
] as const;
const DNS = [
  ['aws:iam/role:Role', 'cluster-dns'],
  ['aws:iam/rolePolicy:RolePolicy', 'cluster-dns-policy'],
  ['aws:eks/podIdentityAssociation:PodIdentityAssociation', 'cluster-dns-account'],
] as const;

const configOf = (values: Record<string, string> = {}) =>
  stackConfig('cloud', {
    'gridlock:cluster': 'eks',
    'gridlock:image': 'registry.example/game:1',
    ...Object.fromEntries(Object.entries(values).map(([key, value]) => [`gridlock:${key}`, value])),
  });

test('EKS has its own network, a cluster in Auto Mode, and volumes', async () => {
  const recording = await record(() => createCluster(configOf({ awsRegion: 'us-east-2' })));
  recording.assertChildren('cluster', [...NETWORK, ...CLUSTER]);
  const { inputs } = recording.one('eks:index:Cluster');
  assert.equal((inputs.autoMode as { enabled: boolean }).enabled, true);
  assert.equal(inputs.authenticationMode, 'API');
  assert.equal((inputs.publicSubnetIds as string[]).length, 3);
  const subnets = recording.all('aws:ec2/subnet:Subnet').map((subnet) => subnet.inputs);
  assert.deepEqual(subnets.map((subnet) => subnet.availabilityZone).sort(), ['us-east-2a', 'us-east-2b', 'us-east-2c']);
  assert.deepEqual(new Set(subnets.map((subnet) => subnet.cidrBlock)).size, 3);
  for (const { tags } of subnets) assert.equal((tags as Record<string, string>)['kubernetes.io/role/elb'], '1');
  assert.deepEqual(recording.one('pulumi:providers:kubernetes').secrets, ['kubeconfig']);
});

test('a preview of EKS does not know the cluster yet, and shows all of its resources', async () => {
  const recording = await record(() => createCluster(configOf()), { preview: true });
  recording.assertChildren('cluster', [...NETWORK, ...CLUSTER]);
  assert.equal(recording.one('pulumi:providers:kubernetes').inputs.kubeconfig, UNKNOWN);
});

test('for dns-01, cert-manager may write into its hosted zone and no other', async () => {
  const acme = {
    certificates: 'acme',
    host: 'play.example.com',
    acmeEmail: 'a@example.com',
    acmeChallenge: 'dns-01',
    acmeDnsZone: 'Z0123456789',
  };
  const recording = await record(() => createCluster(configOf(acme)));
  recording.assertChildren('cluster', [...NETWORK, ...CLUSTER, ...DNS]);
  const policy = String(recording.one('aws:iam/rolePolicy:RolePolicy').inputs.policy);
  assert.match(policy, /hostedzone\/Z0123456789"/);
  assert.doesNotMatch(policy, /hostedzone\/\*/);
  const { namespace, serviceAccount } = recording.one(DNS[2][0]).inputs;
  assert.deepEqual([namespace, serviceAccount], ['cert-manager', 'cert-manager']);
});

test("the load balancer speaks the edge's protocol, and only AWS gets annotations for it", () => {
  const attributes = 'service.beta.kubernetes.io/aws-load-balancer-target-group-attributes';
  const spoken = loadBalancerAnnotations('eks', { proxyProtocol: true })[attributes];
  assert.match(String(spoken), /proxy_protocol_v2\.enabled=true/);
  const silent = loadBalancerAnnotations('eks', { proxyProtocol: false })[attributes];
  assert.match(String(silent), /proxy_protocol_v2\.enabled=false/);
  assert.deepEqual(loadBalancerAnnotations(undefined, { proxyProtocol: true }), {});
});
