import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { record } from '../render/recorder.ts';
import { type Transform, transformed } from './part.ts';

class Pair extends pulumi.ComponentResource {
  constructor(name: string, transform: Transform | undefined) {
    super('gridlock:test:Pair', name, {}, transformed(transform));
    new kubernetes.core.v1.ConfigMap(`${name}-map`, { data: { key: 'value' } }, { parent: this });
    new kubernetes.core.v1.Secret(`${name}-secret`, { stringData: { key: 'value' } }, { parent: this });
  }
}

const run = async (transform?: Transform) => {
  const recording = await record(() => {
    new Pair('pair', transform);
    new kubernetes.core.v1.ConfigMap('other', { data: { key: 'value' } });
  });
  const dataOf = (name: string) => recording.one('kubernetes:core/v1:ConfigMap', name).inputs.data;
  return [dataOf('pair-map'), dataOf('other')];
};

test('a transform changes the objects of its component, and no others', async () => {
  const seen: string[] = [];
  const changed = await run((kind, name, object) => {
    seen.push(`${kind} ${name}`);
    return kind === 'ConfigMap' ? { ...object, data: { key: 'changed' } } : object;
  });
  assert.deepEqual(changed, [{ key: 'changed' }, { key: 'value' }]);
  assert.deepEqual(seen.sort(), ['ConfigMap pair-map', 'Secret pair-secret']);
});

test('without a transform the objects stay as they were made', async () => {
  assert.deepEqual(await run(), [{ key: 'value' }, { key: 'value' }]);
});
