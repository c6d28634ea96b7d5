import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isManifest, type Manifest } from '../render/manifest.ts';
import { record } from '../render/recorder.ts';
import { WebSocketCluster } from './web-socket-cluster.ts';
import { checkArgs, type WebSocketClusterArgs } from './web-socket-cluster-args.ts';

const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';
const CONTROLLER = { controller: { chart: { chart: 'kubernetes-ingress' } } };
const HAPROXY = { haproxy: { agentImage: 'registry.example/agent:1' } };

const CHAT: WebSocketClusterArgs = {
  namespace: 'apps',
  image: 'registry.example/chat:1',
  port: 3000,
  host: 'chat.example',
  health: { path: '/up' },
  edge: CONTROLLER,
};

/** Everything that a cluster can have. */
const WHOLE: WebSocketClusterArgs = {
  ...CHAT,
  metrics: { path: '/metrics' },
  redis: { sentinel: {} },
  autoscaling: { socketsPerReplica: 500, max: 9 },
  monitoring: {},
};

const run = (clusters: Readonly<Record<string, WebSocketClusterArgs>>, preview = false) =>
  record(
    () => {
      const made = Object.entries(clusters).map(([name, args]) => new WebSocketCluster(name, args));
      const [{ url, address, rootCertificate, service }] = made as [WebSocketCluster];
      return { url, address, rootCertificate, service };
    },
    { preview },
  );

type Run = Awaited<ReturnType<typeof run>>;
const manifestsIn = ({ registrations }: Run): Manifest[] =>
  registrations.filter(isManifest).map(({ inputs }) => inputs as unknown as Manifest);
/** Kind, namespace and name of every object, which are unique in a Kubernetes cluster. */
const identities = (recording: Run): string[] => [
  ...manifestsIn(recording).map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`),
  ...recording
    .all('kubernetes:helm.sh/v3:Release')
    .map(({ inputs }) => `Release ${String(inputs['namespace'])}/${String(inputs['name'])}`),
];
const twice = (names: readonly string[]): string[] => names.filter((name, index) => names.indexOf(name) !== index);

for (const preview of [false, true]) {
  for (const [kind, edge] of Object.entries({ ...CONTROLLER, ...HAPROXY }).map(
    ([kind, args]) => [kind, { [kind]: args }] as const,
  )) {
    test(`two clusters live in one namespace, each by the edge ${kind} (preview: ${preview})`, async () => {
      const recording = await run(
        { chat: { ...WHOLE, edge }, shop: { ...WHOLE, edge, host: 'shop.example' } },
        preview,
      );
      assert.deepEqual(twice(identities(recording)), []);
      const urns = recording.registrations.map(({ urn }) => urn);
      assert.deepEqual(twice(urns), []);
    });
  }
}

test('two clusters of the same name live in two namespaces of one Kubernetes cluster', async () => {
  const [here, there] = [await run({ chat: WHOLE }), await run({ chat: { ...WHOLE, namespace: 'other' } })];
  const both = [...identities(here), ...identities(there)];
  assert.deepEqual(twice(both), []);
});

type Labels = Readonly<Record<string, string>>;
interface Selecting {
  readonly selector?: Labels & { readonly matchLabels?: Labels };
  readonly podSelector?: { readonly matchLabels?: Labels };
}

/** What an object finds its pods by; undefined: it finds none. */
function selectorIn({ spec }: Manifest): Labels | undefined {
  const { selector, podSelector } = (spec ?? {}) as Selecting;
  return podSelector ? (podSelector.matchLabels ?? {}) : (selector?.matchLabels ?? selector);
}

/** Labels of all pods of a cluster, those of the chart's job among them. */
function podLabelsIn(recording: Run): Labels[] {
  const templates = manifestsIn(recording).map(
    ({ spec }) => (spec as { template?: { metadata: { labels: Labels } } } | undefined)?.template?.metadata.labels,
  );
  const ofCharts = recording
    .all('kubernetes:helm.sh/v3:Release')
    .map(({ inputs }) => (inputs['values'] as { controller?: { podLabels?: Labels } }).controller?.podLabels);
  return [...templates, ...ofCharts].filter((labels) => labels !== undefined);
}

for (const [kind, edge] of Object.entries({ CONTROLLER, HAPROXY })) {
  test(`the pods of a cluster are selected by nothing of another in its namespace, each by the edge ${kind}`, async () => {
    const [chat, shop] = [await run({ chat: { ...WHOLE, edge } }), await run({ shop: { ...WHOLE, edge } })];
    const selects = (selector: Labels) => (labels: Labels) =>
      Object.entries(selector).every(([name, value]) => labels[name] === value);
    let selecting = 0;
    for (const manifest of manifestsIn(chat)) {
      const selector = selectorIn(manifest);
      if (selector === undefined) continue;
      selecting += 1;
      const { name } = manifest.metadata;
      assert.deepEqual(podLabelsIn(shop).filter(selects(selector)), [], `${manifest.kind} ${name}`);
    }
    assert.ok(selecting > 10);
    assert.ok(podLabelsIn(shop).length > 2);
  });
}

test('a small cluster is the server, its edge, certificates and policies', async () => {
  const recording = await run({ chat: CHAT });
  const components = recording.registrations.filter(({ parent, custom }) => parent === 'chat' && !custom);
  assert.deepEqual(components.map(({ type }) => type.replace('gridlock:components:', '')).sort(), [
    'Certificates',
    'Edge',
    'NetworkPolicies',
    'Replicas',
  ]);
  const { outputs } = recording;
  assert.equal(outputs.url, 'https://chat.example/');
  assert.equal(outputs.service, 'chat');
  assert.match(outputs.rootCertificate, /BEGIN CERTIFICATE/);
});

test('a cluster is scaled on the gauge of its server, or on the sessions that its edge counts', async () => {
  const triggerOf = async (args: WebSocketClusterArgs) => {
    const { spec } = (await run({ chat: args })).one('kubernetes:keda.sh/v1alpha1:ScaledObject').inputs as {
      spec: { triggers: { metadata: { valueLocation: string } }[] };
    };
    return spec.triggers[0]!.metadata.valueLocation;
  };
  const autoscaling = { socketsPerReplica: 500, max: 9 };
  assert.equal(
    await triggerOf({ ...CHAT, metrics: { path: '/m' }, autoscaling: { ...autoscaling, gauge: 'open' } }),
    'open',
  );
  assert.match(
    await triggerOf({ ...CHAT, autoscaling }),
    /^haproxy_backend_current_sessions\{proxy="apps_svc_chat_http"\}$/,
  );
  assert.match(await triggerOf({ ...CHAT, edge: HAPROXY, autoscaling }), /proxy="replicas"/);
});

for (const [what, changes, pattern] of [
  ['two edges', { edge: { ...CONTROLLER, ...HAPROXY } }, /edge has controller and haproxy/],
  ['no edge', { edge: {} }, /edge is empty: give haproxy/],
  ['two kinds of Redis', { redis: { single: {}, sentinel: {} } }, /redis has single and sentinel/],
  [
    'a Redis of its own without a certificate',
    { certificates: { files: { roots: 'a', edge: { chain: 'b', key: 'c' } } }, redis: { single: {} } },
    /runs Redis, and has no certificate for it/,
  ],
  [
    'a gauge without metrics',
    { autoscaling: { socketsPerReplica: 1, max: 9, gauge: 'open' } },
    /scaled on the gauge open, and has no metrics/,
  ],
] as const) {
  test(`${what} is refused with a sentence`, () => {
    assert.throws(() => checkArgs('chat', { ...CHAT, ...changes }), pattern);
  });
}

test('a transform reaches every object of the cluster, and no other cluster', async () => {
  const recording = await run({
    chat: {
      ...WHOLE,
      transform: (kind, _, object) =>
        kind === 'Deployment'
          ? { ...object, metadata: { ...(object as Manifest).metadata, annotations: { by: 'me' } } }
          : object,
    },
    shop: { ...WHOLE, host: 'shop.example' },
  });
  const annotated = recording
    .all(DEPLOYMENT)
    .filter(({ inputs }) => (inputs['metadata'] as Manifest['metadata']).annotations?.['by'] === 'me');
  const names = annotated.map(({ inputs }) => (inputs['metadata'] as Manifest['metadata']).name);
  assert.ok(names.includes('chat') && names.every((name) => name.startsWith('chat')), names.join());
});
