import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { record } from './recorder.ts';
import { UNKNOWN } from './registration.ts';

class Pair extends pulumi.ComponentResource {
  readonly password: pulumi.Output<string>;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super('test:components:Pair', name, {}, opts);
    const password = new random.RandomPassword(`${name}-password`, { length: 12 }, { parent: this });
    const secret = new kubernetes.core.v1.Secret(
      `${name}-secret`,
      { metadata: { name }, stringData: { password: password.result } },
      { parent: this, dependsOn: password, protect: true },
    );
    password.result.apply((result) => {
      new kubernetes.core.v1.ConfigMap(`${name}-late`, { data: { size: `${result.length}` } }, { parent: this });
    });
    this.password = password.result;
    this.registerOutputs({ secret: secret.metadata.name });
  }
}

const program = () => {
  const provider = new kubernetes.Provider('cluster', { kubeconfig: '{}' });
  const pair = new Pair('pair', { provider });
  return { password: pair.password, fixed: 7 };
};

const SECRET = 'kubernetes:core/v1:Secret';

test('a recording has every child with its inputs, parent, provider and options, late ones included', async () => {
  const recording = await record(program);
  recording.assertChildren('pair', [
    ['random:index/randomPassword:RandomPassword', 'pair-password'],
    [SECRET, 'pair-secret'],
    ['kubernetes:core/v1:ConfigMap', 'pair-late'],
  ]);
  const secret = recording.one(SECRET);
  assert.deepEqual([secret.parent, secret.provider, secret.custom], ['pair', 'cluster', true]);
  assert.deepEqual(secret.options.protect, true);
  assert.deepEqual(secret.dependsOn, ['pair-password']);
  assert.equal((secret.inputs.stringData as { password: string }).password.length, 12);
  assert.deepEqual(secret.secrets, ['stringData']);
  assert.equal(recording.one('test:components:Pair').parent, undefined);
});

test('the return value of the program is resolved', async () => {
  const { outputs } = await record(program);
  assert.equal(outputs.fixed, 7);
  assert.equal(outputs.password.length, 12);
});

test('in a preview, the answers of providers are unknown, and resources that depend on them are not made', async () => {
  const recording = await record(program, { preview: true });
  assert.equal(recording.one(SECRET).inputs.stringData, UNKNOWN);
  assert.deepEqual(recording.one(SECRET).inputs.metadata, { name: 'pair' });
  assert.equal(recording.all('kubernetes:core/v1:ConfigMap').length, 0);
  assert.equal(recording.outputs.password, undefined);
});

test('a test may answer for a provider, and a program runs the same twice', async () => {
  const answers = ({ name }: { name: string }) => (name === 'pair-password' ? { result: 'hush' } : undefined);
  for (let run = 0; run < 2; run++) {
    const recording = await record(program, { answers });
    assert.deepEqual(recording.one(SECRET).inputs.stringData, { password: 'hush' });
  }
});

test('an additional or missing child is refused', async () => {
  const recording = await record(program);
  assert.throws(() => recording.assertChildren('pair', [[SECRET, 'pair-secret']]), assert.AssertionError);
  assert.throws(() => recording.one(SECRET, 'other'), /0 resources/);
});
