import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { stackConfig } from '../config/config.ts';
import { record } from '../render/recorder.ts';
import { UNKNOWN } from '../render/registration.ts';
import { KindCluster } from './kind.ts';
import { kindConfig } from './kind-config.ts';

const COMMAND = 'command:local:Command';
const PROVIDER = 'pulumi:providers:kubernetes';
const OWNER = 'random:index/randomId:RandomId';
const CHILDREN = [
  [OWNER, 'cluster-owner'],
  [COMMAND, 'cluster-nodes'],
  [COMMAND, 'cluster-kubeconfig'],
  [PROVIDER, 'cluster-provider'],
] as const;

const config = stackConfig('dev', { 'gridlock:clusterName': 'arena', 'gridlock:port': '9443' });

const program = () => {
  const cluster = new KindCluster('cluster', config);
  return {
    loaded: cluster.loadImage('load', 'gridlock/game:abc', {}).reference,
    kubeconfig: cluster.kubeconfig,
  };
};

test('a kind cluster is its nodes, its kubeconfig and a provider', async () => {
  const recording = await record(program);
  recording.assertChildren('cluster', CHILDREN);
  const nodes = recording.one(COMMAND, 'cluster-nodes');
  const { OWNER: owner, ...environment } = nodes.inputs.environment as Record<string, string>;
  assert.deepEqual(environment, { CLUSTER: 'arena', PORT: '9443', NODE_PORT: '30443' });
  assert.match(owner!, /^[0-9a-f]{16}$/);
  assert.deepEqual(parse(String(nodes.inputs.stdin)), kindConfig(config));
  assert.deepEqual(nodes.inputs.triggers, ['arena', nodes.inputs.stdin]);
  assert.deepEqual(nodes.options, {
    deleteBeforeReplace: true,
    replaceOnChanges: ['triggers[*]'],
    customTimeouts: { create: '10m' },
  });

  const provider = recording.one(PROVIDER);
  assert.deepEqual(provider.secrets, ['kubeconfig']);
  assert.deepEqual(provider.dependsOn, ['cluster-kubeconfig']);
  const { kubeconfig, ...settings } = provider.inputs;
  assert.equal(kubeconfig, recording.outputs.kubeconfig);
  assert.deepEqual(settings, {
    deleteUnreachable: 'true',
    enableSecretMutable: 'true',
    enableConfigMapMutable: 'true',
  });
});

test('its kubeconfig and images follow a cluster that is replaced', async () => {
  const recording = await record(program);
  const nodes = recording.one(COMMAND, 'cluster-nodes');
  assert.deepEqual(recording.one(COMMAND, 'cluster-kubeconfig').inputs.triggers, [`${nodes.name}-id`]);
  const load = recording.one(COMMAND, 'load');
  assert.deepEqual(load.inputs.triggers, ['gridlock/game:abc', `${nodes.name}-id`]);
  assert.deepEqual(load.inputs.environment, { CLUSTER: 'arena', IMAGE: 'gridlock/game:abc' });
});

test('in the first preview the kubeconfig is unknown, and the image has its name already', async () => {
  const recording = await record(program, { preview: true });
  recording.assertChildren('cluster', CHILDREN);
  assert.equal(recording.one(PROVIDER).inputs.kubeconfig, UNKNOWN);
  assert.deepEqual(recording.outputs, { loaded: 'gridlock/game:abc', kubeconfig: undefined });
});

test("kind's configuration binds every port to this machine alone, and has the configured number of workers", () => {
  const { nodes, networking } = kindConfig({
    nodeImage: 'kindest/node:v1',
    workers: 2,
    port: 1443,
    httpPort: 1080,
    nodePort: 31443,
    httpNodePort: 31080,
  });
  assert.equal(networking.apiServerAddress, '127.0.0.1');
  assert.deepEqual(
    nodes.map(({ role, image }) => [role, image]),
    [
      ['control-plane', 'kindest/node:v1'],
      ['worker', 'kindest/node:v1'],
      ['worker', 'kindest/node:v1'],
    ],
  );
  assert.deepEqual(nodes[0]!.extraPortMappings, [
    { containerPort: 31443, hostPort: 1443, listenAddress: '127.0.0.1', protocol: 'TCP' },
    { containerPort: 31080, hostPort: 1080, listenAddress: '127.0.0.1', protocol: 'TCP' },
  ]);
  assert.deepEqual(kindConfig({ ...config, workers: 0 }).nodes.length, 1);
});
