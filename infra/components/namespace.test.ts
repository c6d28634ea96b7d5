import assert from 'node:assert/strict';
import { test } from 'node:test';
import { record } from '../render/recorder.ts';
import { Namespace } from './namespace.ts';

const NAMESPACE = 'kubernetes:core/v1:Namespace';

for (const preview of [false, true]) {
  test(`a namespace is made with its Pod Security Standard${preview ? ', in a preview too' : ''}`, async () => {
    const recording = await record(
      () => ({ name: new Namespace('game', { name: 'gridlock', level: 'restricted' }).metadataName }),
      { preview },
    );
    recording.assertChildren('game', [[NAMESPACE, 'game']]);
    assert.deepEqual(recording.one(NAMESPACE).inputs.metadata, {
      name: 'gridlock',
      labels: {
        'app.kubernetes.io/name': 'gridlock',
        'app.kubernetes.io/component': 'gridlock',
        'app.kubernetes.io/instance': 'gridlock',
        'app.kubernetes.io/part-of': 'gridlock',
        'app.kubernetes.io/managed-by': 'pulumi',
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/enforce-version': 'latest',
        'pod-security.kubernetes.io/audit': 'restricted',
        'pod-security.kubernetes.io/audit-version': 'latest',
        'pod-security.kubernetes.io/warn': 'restricted',
        'pod-security.kubernetes.io/warn-version': 'latest',
      },
    });
    assert.deepEqual(recording.outputs, { name: 'gridlock' });
  });
}
