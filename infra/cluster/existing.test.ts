import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { parse } from 'yaml';
import { stackConfig } from '../config/config.ts';
import { createCluster } from '../program/parts.ts';
import { record } from '../render/recorder.ts';

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
  test(`a cluster that is there is a provider and nothing else (preview: ${preview})`, async () => {
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
    // Known before anything is made: it was there before.
    assert.equal(provider.inputs.kubeconfig, recording.outputs.kubeconfig);
    const { clusters } = parse(recording.outputs.kubeconfig) as { clusters: object[] };
    assert.deepEqual(clusters, [{ name: 'prod', cluster: { server: 'https://prod.example' } }]);
    assert.deepEqual([isSecret, loads], [true, false], 'its images are pulled');
  });
}
