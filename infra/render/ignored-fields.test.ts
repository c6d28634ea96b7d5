import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutFields } from './ignored-fields.ts';

test('only the named fields are removed, and the object itself is unchanged', () => {
  const object = { spec: { replicas: 4, template: { spec: {} } }, replicas: 1 };
  assert.deepEqual(withoutFields(object, ['spec.replicas']), { spec: { template: { spec: {} } }, replicas: 1 });
  assert.equal(object.spec.replicas, 4);
});

test('a path that leads nowhere changes nothing', () => {
  const object = { spec: { list: [1] } };
  assert.deepEqual(withoutFields(object, ['status.replicas', 'spec.list.first', 'spec.replicas']), object);
});
