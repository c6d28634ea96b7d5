import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ResourceValidationPolicy, type StackValidationPolicy, unknownCheckingProxy } from '@pulumi/policy';
import { OPTIONAL_POLICIES, POLICIES } from '../policies/index.ts';
import { goodManifests } from '../policies/testing/good-manifests.ts';
import { crossGuard } from './pack.ts';

const resource = (props: Record<string, unknown>) => ({
  type: `kubernetes:x:${props.kind}`,
  urn: `urn:${props.kind}`,
  props,
});

/** The reports of the pack on resources, and on the API server's answers for them. */
async function reported(
  resources: ReturnType<typeof resource>[],
  answered = resources,
): Promise<[string, string, string | undefined][]> {
  const reports: [string, string, string | undefined][] = [];
  const policies = crossGuard().filter(({ enforcementLevel }) => enforcementLevel !== 'disabled');
  const reporting = (name: string) => (sentence: string, urn?: string) => reports.push([name, sentence, urn]);
  for (const { name, validateResource } of policies as ResourceValidationPolicy[]) {
    if (typeof validateResource !== 'function') continue;
    for (const each of resources) await validateResource(each as never, reporting(name));
  }
  for (const { name, validateStack } of policies as StackValidationPolicy[]) {
    await validateStack?.({ resources: answered } as never, reporting(name));
  }
  return reports;
}

const good = () => goodManifests();
const resourcesOf = (objects: ReturnType<typeof good>) => Object.values(objects).map(resource);

test('every policy is in the pack, with its sentence', () => {
  assert.deepEqual(
    crossGuard().map(({ name, description }) => [name, description]),
    [...POLICIES, ...OPTIONAL_POLICIES].map(({ name, sentence }) => [name, sentence]),
  );
});

test('an optional policy counts only where the configuration of the pack says so', () => {
  const disabled = crossGuard().filter(({ enforcementLevel }) => enforcementLevel === 'disabled');
  assert.deepEqual(
    disabled.map(({ name }) => name),
    OPTIONAL_POLICIES.map(({ name }) => name),
  );
});

test('a good program causes no complaint', async () => {
  assert.deepEqual(await reported(resourcesOf(good())), []);
});

test('a fault of one object is reported as a sentence', async () => {
  const objects = good();
  objects.Service!.spec.type = 'NodePort';
  assert.deepEqual(await reported(resourcesOf(objects)), [
    ['no-node-port', 'Service gridlock/web is a NodePort.', undefined],
  ]);
});

test('a fault among several is reported with the resource that has it', async () => {
  const objects = good();
  delete objects.NetworkPolicy;
  const reports = await reported(resourcesOf(objects));
  assert.ok(reports.some(([name, , urn]) => name === 'network-policy' && urn === 'urn:Deployment'));
});

test('a resource that is not an object of a cluster is skipped', async () => {
  const release = { type: 'kubernetes:helm.sh/v3:Release', urn: 'urn:r', props: { chart: 'x' } };
  const provider = { type: 'pulumi:providers:kubernetes', urn: 'urn:p', props: {} };
  assert.deepEqual(await reported([release, provider] as never), []);
});

test('an unknown value in a preview is not a fault, and does not hide another fault', async () => {
  // The text with which the engine marks an unknown text.
  const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
  const objects = good();
  for (const object of Object.values(objects)) object.metadata.namespace = unknown;
  objects.Deployment!.spec.template.spec.containers[0].image = unknown;
  const guarded = () => resourcesOf(objects).map((each) => ({ ...each, props: unknownCheckingProxy(each.props) }));
  assert.deepEqual(await reported(guarded()), []);
  objects.Service!.spec.type = 'NodePort';
  delete objects.NetworkPolicy;
  assert.deepEqual([...new Set((await reported(guarded())).map(([name]) => name))].sort(), [
    'network-policy',
    'no-node-port',
  ]);
});

test('a value that the API server fills in is not a fault', async () => {
  const objects = good();
  const answered = resourcesOf(structuredClone(objects));
  (answered.find(({ props }) => props.kind === 'Deployment')!.props.spec as { replicas: number }).replicas = 1;
  assert.deepEqual(await reported(resourcesOf(objects), answered), []);
});

test('a field that the engine ignores causes no complaint', async () => {
  const objects = good();
  objects.Deployment!.spec.replicas = 4;
  objects.HorizontalPodAutoscaler!.spec.minReplicas = 3;
  const withOptions = (ignoreChanges: string[]) =>
    resourcesOf(objects).map((each) => ({ ...each, opts: each.props.kind === 'Deployment' ? { ignoreChanges } : {} }));
  const names = async (ignored: string[]) => (await reported(withOptions(ignored))).map(([name]) => name);
  assert.deepEqual(await names([]), ['replicas-of-the-autoscaler']);
  assert.deepEqual(await names(['spec.replicas']), []);
});
