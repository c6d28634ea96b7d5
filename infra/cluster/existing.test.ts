import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { parse, stringify } from 'yaml';
import { ConfigError, stackConfig } from '../config/config.ts';
import { createCluster } from '../program/create-cluster.ts';
import { record } from '../render/recorder.ts';
import { pickContext, readKubeconfig } from './existing.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-existing-'));
after(() => rmSync(directory, { recursive: true, force: true }));
const kubeconfig = path.join(directory, 'config');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    'current-context': 'prod',
    clusters: [{ name: 'prod', cluster: { server: 'https://prod.example' } }],
    users: [{ name: 'ada', user: { token: 'hush' } }],
    contexts: [{ name: 'prod', context: { cluster: 'prod', user: 'ada' } }],
  }),
);
const config = stackConfig('prod', {
  'gridlock:cluster': 'existing',
  'gridlock:kubeconfig': kubeconfig,
  'gridlock:image': 'registry.example/game:1',
});

for (const preview of [true, false]) {
  test(`an existing cluster is a provider and nothing else (preview: ${preview})`, async () => {
    let isSecret = false;
    let loads = true;
    const recording = await record(
      async () => {
        const cluster = await createCluster(config);
        isSecret = await pulumi.isSecret(cluster.kubeconfig);
        loads = cluster.loadImage !== undefined;
        return { kubeconfig: cluster.kubeconfig };
      },
      { preview },
    );
    recording.assertChildren('cluster', [['pulumi:providers:kubernetes', 'cluster-provider']]);
    const provider = recording.one('pulumi:providers:kubernetes');
    assert.deepEqual(provider.secrets, ['kubeconfig']);
    // The kubeconfig is known before anything is made, because the cluster exists already.
    assert.equal(provider.inputs.kubeconfig, recording.outputs.kubeconfig);
    const { clusters } = parse(recording.outputs.kubeconfig) as { clusters: object[] };
    assert.deepEqual(clusters, [{ name: 'prod', cluster: { server: 'https://prod.example' } }]);
    assert.deepEqual([isSecret, loads], [true, false], 'its images are pulled');
  });
}

const kubeconfigText = (...names: string[]) =>
  stringify({
    'current-context': names[0],
    clusters: names.map((name) => ({
      name: `${name}-cluster`,
      cluster: { server: `https://${name}.example`, 'certificate-authority': 'ca.pem' },
    })),
    users: names.map((name) => ({ name: `${name}-user`, user: { token: `${name}-token` } })),
    contexts: names.map((name) => ({ name, context: { cluster: `${name}-cluster`, user: `${name}-user` } })),
  });

const write = (name: string, text: string): string => {
  const file = path.join(directory, name);
  writeFileSync(file, text);
  return file;
};

test('only the context with its cluster and user is taken, with absolute paths of files', () => {
  const picked = pickContext(kubeconfigText('prod', 'staging'), 'staging', '/srv/kube')!;
  assert.deepEqual(parse(picked), {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'staging-cluster',
        cluster: { server: 'https://staging.example', 'certificate-authority': '/srv/kube/ca.pem' },
      },
    ],
    users: [{ name: 'staging-user', user: { token: 'staging-token' } }],
    contexts: [{ name: 'staging', context: { cluster: 'staging-cluster', user: 'staging-user' } }],
    'current-context': 'staging',
  });
});

test('without a context the current one is used, and a context that does not exist is undefined', () => {
  assert.match(pickContext(kubeconfigText('prod', 'staging'), '', '/')!, /prod-token/);
  assert.equal(pickContext(kubeconfigText('prod'), 'staging', '/'), undefined);
  assert.equal(pickContext('', '', '/'), undefined);
});

test('the file of the configuration wins; without one, the first of KUBECONFIG that has the context', () => {
  const [one, two] = [write('one', kubeconfigText('prod')), write('two', kubeconfigText('staging'))];
  const env = { KUBECONFIG: [one, path.join(directory, 'gone'), two].join(path.delimiter) };
  assert.match(readKubeconfig({ kubeconfig: '', context: 'staging' }, env), /staging-token/);
  assert.match(readKubeconfig({ kubeconfig: one, context: '' }, env), /prod-token/);
});

test('a missing file or context is refused with a sentence', () => {
  const file = write('three', kubeconfigText('prod'));
  const refused = (pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, pattern);
    return true;
  };
  assert.throws(() => readKubeconfig({ kubeconfig: '/gone/config', context: '' }), refused(/\/gone\/config cannot be/));
  assert.throws(() => readKubeconfig({ kubeconfig: file, context: 'dev' }), refused(/has a context dev .*three/));
});
