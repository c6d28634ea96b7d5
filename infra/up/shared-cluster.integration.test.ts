import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { stackConfig } from '../config/config.ts';
import { FakeCluster } from './cluster-testing.ts';
import type { StateResource } from './engine.ts';
import { requireRoom } from './shared-cluster.ts';

let cluster: FakeCluster;
let directory: string;
let kubeconfig: string;
beforeEach(async () => {
  cluster = new FakeCluster();
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-shared-cluster-'));
  kubeconfig = path.join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, await cluster.start());
});
afterEach(async () => {
  await cluster.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** The second stack on a cluster, and how its configuration differs. */
function requireRoomFor(values: Readonly<Record<string, string>> = {}, resources: StateResource[] = []): Promise<void> {
  const all = {
    cluster: 'existing',
    context: 'here',
    kubeconfig,
    image: 'r/i:1',
    ingressService: 'NodePort',
    ...values,
  };
  const named = Object.entries(all).map(([key, value]) => [`gridlock:${key}`, value]);
  return requireRoom(stackConfig('second', Object.fromEntries(named)), resources);
}

const service = (namespace: string, name: string, ...nodePorts: number[]) => ({
  metadata: { namespace, name },
  spec: { ports: nodePorts.map((nodePort) => ({ nodePort })) },
});
const deployments = (name: string) => `/apis/apps/v1/deployments?labelSelector=app.kubernetes.io/name=${name}`;
const release = (name: string): StateResource => ({ type: 'kubernetes:helm.sh/v3:Release', urn: `urn:x::${name}` });

test('an empty cluster has room', async () => {
  await requireRoomFor();
});

test('node ports that another Service has are refused, and free ones are not', async () => {
  cluster.there.set('/api/v1/services', {
    items: [service('kube-system', 'dns'), service('gridlock', 'gridlock-edge', 30443)],
  });
  await assert.rejects(requireRoomFor({ namespace: 'second' }), {
    message: /Port 30443 of the nodes is taken by the Service gridlock-edge of the namespace gridlock: set nodePort /,
    exitCode: 2,
  });
  await requireRoomFor({ namespace: 'second', nodePort: '31443', httpNodePort: '31080' });
  await requireRoomFor({ namespace: 'second', ingressService: 'ClusterIP' });
  await requireRoomFor({ namespace: 'gridlock' });
});

test("another stack's namespace is refused; the stack's own and an unrelated namespace are not", async () => {
  cluster.there.set('/api/v1/namespaces/gridlock', {
    metadata: { labels: { 'app.kubernetes.io/part-of': 'gridlock' } },
  });
  await assert.rejects(requireRoomFor(), /The namespace gridlock belongs to another stack: set namespace /);
  await requireRoomFor({}, [{ type: 'kubernetes:core/v1:Namespace', urn: 'urn:x::gridlock' }]);
  cluster.there.set('/api/v1/namespaces/mine', { metadata: { labels: { team: 'us' } } });
  await requireRoomFor({ namespace: 'mine' });
});

test('parts that a cluster can have only once are refused in one message, with the keys to use the installed ones', async () => {
  for (const name of ['cert-manager', 'trust-manager', 'keda-operator'])
    cluster.there.set(deployments(name), { items: [{}] });
  cluster.there.set('/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io', {});
  await assert.rejects(requireRoomFor(), (error: Error) => {
    for (const remedy of [
      'charts: { certManager: { install: false } }',
      'charts: { trustManager: { install: false } }',
      'charts: { metricsServer: { install: false } }',
      'autoscaling: existing',
    ]) {
      assert.ok(error.message.includes(`set ${remedy} to use it.`), error.message);
    }
    return true;
  });
  const install = { install: false };
  await requireRoomFor({
    autoscaling: 'existing',
    charts: JSON.stringify({ certManager: install, trustManager: install }),
  });
  await requireRoomFor({}, ['cert-manager', 'trust-manager', 'keda', 'metrics-server'].map(release));
});

test('a cluster that cannot be read causes no refusal', async (t) => {
  const written: string[] = [];
  t.mock.method(process.stderr, 'write', (text: string) => written.push(text) > 0);
  cluster.there.set('/api/v1/services', 403);
  await requireRoomFor();
  await cluster.stop();
  await requireRoomFor();
  t.mock.restoreAll();
  assert.match(written.join(''), /^Cannot read the cluster, .*: connect ECONNREFUSED/);
});

test('a kubeconfig without the context is refused', async () => {
  await assert.rejects(requireRoomFor({ context: 'there' }), /No kubeconfig has a context there/);
});
