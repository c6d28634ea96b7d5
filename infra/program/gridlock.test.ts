import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { readConfig } from '../config/config.ts';
import { STACKS, stacks } from '../golden/golden.ts';
import { isManifest, type Manifest } from '../render/manifest.ts';
import { record } from '../render/recorder.ts';
import { gridlock, run } from './gridlock.ts';
import main from './main.mjs';

const CLUSTER_WIDE =
  /^(Namespace|StorageClass|ClusterRole|ClusterRoleBinding|ClusterIssuer|Bundle|APIService|IngressClass|PriorityClass)$/;

const configOf = (stack: (typeof stacks)[number]) =>
  readConfig({ args: ['--stack', stack], directory: STACKS[stack], target: 'cluster' });

for (const stack of stacks) {
  test(`the first preview of the stack ${stack}, before there is a cluster, shows every object`, async () => {
    const config = configOf(stack);
    const names = async (preview: boolean) => {
      const { registrations } = await record(() => gridlock(config), { preview, stack });
      return registrations
        .filter(isManifest)
        .map(({ type, name }) => `${type} ${name}`)
        .sort();
    };
    assert.deepEqual(await names(true), await names(false));
  });

  test(`every object of the stack ${stack} has its name and namespace, and goes to its cluster`, async () => {
    const { registrations } = await record(() => gridlock(configOf(stack)), { stack });
    for (const each of registrations.filter((registration) => registration.type.startsWith('kubernetes:'))) {
      assert.equal(each.provider, 'cluster-provider', `${each.type} ${each.name}`);
      if (!isManifest(each)) continue;
      const { kind, metadata } = each.inputs as unknown as Manifest;
      assert.match(metadata.name, /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, each.name);
      assert.equal(CLUSTER_WIDE.test(kind), metadata.namespace === undefined, `${kind} ${metadata.name}`);
    }
  });
}

test('the outputs are those that a user needs, and the kubeconfig is secret', async () => {
  let kubeconfig: pulumi.Output<string> | undefined;
  const { outputs } = await record(async () => {
    const made = await gridlock(configOf('dev'));
    kubeconfig = made.kubeconfig;
    return made;
  });
  assert.equal(outputs.url, 'https://localhost:8443/');
  assert.match(outputs.rootCertificate, /BEGIN CERTIFICATE/);
  assert.match(outputs.playCommand, /--stack dev/);
  assert.match(outputs.loadCommand, /--stack dev/);
  assert.equal(await pulumi.isSecret(kubeconfig!), true);
  const names = ['address', 'kubeconfig', 'loadCommand', 'playCommand', 'rootCertificate', 'url'];
  assert.deepEqual(Object.keys(outputs).sort(), names);
});

test('a wrong configuration is refused with its sentence alone, as an error of the engine', async () => {
  pulumi.runtime.setAllConfig({ 'gridlock:replicas': 'many' });
  try {
    await assert.rejects(run(), (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      return /"many" of gridlock:replicas in the stack \S+ is refused/.test(error.message);
    });
  } finally {
    pulumi.runtime.setAllConfig({});
  }
});

test('an older Node is refused with one sentence', async () => {
  const versions = Object.getOwnPropertyDescriptor(process, 'versions')!;
  Object.defineProperty(process, 'versions', {
    ...versions,
    value: { ...process.versions, node: '22.14.0' },
  });
  try {
    await assert.rejects(main(), /^RunError|needs Node 24 or newer on PATH/);
  } finally {
    Object.defineProperty(process, 'versions', versions);
  }
});
