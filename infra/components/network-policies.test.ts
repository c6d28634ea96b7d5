import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import fc from 'fast-check';
import { stackConfig } from '../config/config.ts';
import { record } from '../render/recorder.ts';
import { NetworkPolicies, networkRules } from './network-policies.ts';

const POLICY = 'kubernetes:networking.k8s.io/v1:NetworkPolicy';

const run = (values: Record<string, string> = {}, preview = false) =>
  record(
    () => {
      const config = stackConfig('dev', values);
      const namespace = pulumi.output('gridlock');
      new NetworkPolicies('network-policies', { config, namespace, redis: { ports: [6379] } });
      return {};
    },
    { preview },
  );

for (const preview of [true, false]) {
  test(`the game's namespace has a policy for each of its parts (preview: ${preview})`, async () => {
    const recording = await run({ 'gridlock:ingress': 'haproxy' }, preview);
    const names = ['default-deny', 'allow-dns', 'gridlock', 'redis', 'metrics-api', 'edge'];
    recording.assertChildren(
      'network-policies',
      names.map((name) => [POLICY, `network-policies-${name}`] as const),
    );
    for (const { inputs } of recording.all(POLICY)) {
      assert.equal((inputs.metadata as { namespace: string }).namespace, 'gridlock');
    }
    assert.deepEqual(recording.one(POLICY, 'network-policies-default-deny').inputs.spec, {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
  });
}

test('what is not there has no policy', async () => {
  const recording = await run({
    'gridlock:autoscaling': 'none',
    'gridlock:redis': 'external',
    'gridlock:redisUrl': 'redis://cache.example',
  });
  const names = recording.all(POLICY).map(({ name }) => name.replace('network-policies-', ''));
  assert.deepEqual(names.sort(), ['allow-dns', 'default-deny', 'edge', 'edge-definitions', 'gridlock']);
});

type Settings = Parameters<typeof networkRules>[0];
const base: Settings = {
  ingress: 'controller',
  redis: 'single',
  autoscaling: 'adapter',
  monitoring: 'none',
  certificates: 'cert-manager',
  acmeChallenge: 'http-01',
  jwtJwksUrl: '',
  charts: stackConfig('dev', {}).charts,
  ingressNamespace: 'haproxy-controller',
};
const settings = fc.record({
  ingress: fc.constantFrom('controller' as const, 'haproxy' as const),
  redis: fc.constantFrom('single' as const, 'sentinel' as const, 'external' as const),
  autoscaling: fc.constantFrom('adapter' as const, 'existing' as const, 'none' as const),
  monitoring: fc.constantFrom('none' as const, 'operator' as const, 'stack' as const),
  certificates: fc.constantFrom('cert-manager' as const, 'acme' as const, 'files' as const),
  acmeChallenge: fc.constantFrom('http-01' as const, 'dns-01' as const),
  jwtJwksUrl: fc.constantFrom('', 'https://id.example/keys'),
  charts: fc.constant(stackConfig('dev', {}).charts),
  ingressNamespace: fc.constant('haproxy-controller'),
});

interface Opening {
  from?: object[];
  to?: object[];
  ports: { port: number }[];
}
interface Rule {
  policyTypes: string[];
  ingress?: Opening[];
  egress?: Opening[];
}
const rules = (config: Settings, ports = [6379]) => networkRules(config, ports) as unknown as Record<string, Rule>;
/** `name:port` for each opening; `*` is anybody. */
const openings = (list: Opening[] = [], side: 'from' | 'to'): string[] =>
  list.flatMap((opening) => {
    const peers = (opening[side] ?? [{}]).map((peer) => {
      const { podSelector, namespaceSelector } = peer as Record<
        string,
        { matchLabels?: Record<string, string> } | undefined
      >;
      return (
        podSelector?.matchLabels?.['app.kubernetes.io/name'] ??
        namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'] ??
        '*'
      );
    });
    return peers.flatMap((peer) => opening.ports.map(({ port }) => `${peer}:${port}`));
  });

test('everything is shut both ways, and every opening names its ports', () => {
  fc.assert(
    fc.property(settings, (config) => {
      const found = rules(config);
      assert.deepEqual(found['default-deny'], { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
      for (const { ingress = [], egress = [] } of Object.values(found)) {
        for (const { ports } of [...ingress, ...egress]) assert.ok(ports.length > 0);
      }
    }),
  );
});

test('only the edge, the metrics API and Prometheus come to a replica, which goes to Redis and looks at the edge', () => {
  const { gridlock: game } = rules({ ...base, monitoring: 'stack' });
  assert.deepEqual(openings(game!.ingress, 'from'), ['edge:8080', 'edge:9090', 'metrics-api:9090', 'monitoring:9090']);
  assert.deepEqual(openings(game!.egress, 'to'), ['redis:6379', 'edge:8443']);
});

test('a replica gets out to the keys of the issuer where they are at a URL, by its port', () => {
  const egress = (jwtJwksUrl: string) => openings(rules({ ...base, jwtJwksUrl }).gridlock!.egress, 'to');
  assert.deepEqual(egress('https://id.example/keys'), ['redis:6379', 'edge:8443', '*:443']);
  assert.deepEqual(egress('https://id.example:8444/keys').at(-1), '*:8444');
});

test('the plain edge looks at readiness itself', () => {
  const { gridlock: game, edge } = rules({ ...base, ingress: 'haproxy', autoscaling: 'none' });
  assert.deepEqual(openings(game!.ingress, 'from'), ['edge:8080', 'edge:9090']);
  assert.deepEqual(openings(edge!.ingress, 'from'), ['*:8443', '*:8080']);
  assert.deepEqual(openings(edge!.egress, 'to'), ['server:8080', 'server:9090']);
});

test('Prometheus reads the plain edge and its agent, and nobody else comes to where it is emptied', () => {
  const { edge } = rules({ ...base, ingress: 'haproxy', monitoring: 'operator' });
  assert.deepEqual(openings(edge!.ingress, 'from'), [
    '*:8443',
    '*:8080',
    'monitoring:8404',
    'monitoring:9102',
    'monitoring:1024',
  ]);
});

test('Redis admits replicas, and with Sentinel its own kind', () => {
  assert.deepEqual(openings(rules(base).redis!.ingress, 'from'), ['server:6379']);
  assert.equal(rules(base).redis!.egress, undefined);
  const { redis } = rules({ ...base, redis: 'sentinel' }, [6379, 26_379]);
  assert.deepEqual(openings(redis!.ingress, 'from'), ['server:6379', 'server:26379', 'redis:6379', 'redis:26379']);
  assert.deepEqual(openings(redis!.egress, 'to'), ['redis:6379', 'redis:26379']);
});

test('an external Redis is reached at its own ports, and no policy is for one that is not there', () => {
  const found = rules({ ...base, redis: 'external' }, [6380, 7000]);
  assert.deepEqual(openings(found.gridlock!.egress, 'to'), ['*:6380', '*:7000', 'edge:8443']);
  assert.equal(found.redis, undefined);
});

test('the metrics API reaches replicas and the API server', () => {
  const found = rules(base)['metrics-api'];
  assert.deepEqual(openings(found!.egress, 'to'), ['server:9090', '*:443', '*:6443']);
  assert.equal(rules({ ...base, autoscaling: 'existing' })['metrics-api'], undefined);
});

test('every pod may ask the DNS', () => {
  assert.deepEqual(openings(rules(base)['allow-dns']!.egress, 'to'), ['kube-system:53', 'kube-system:53']);
});

test('a challenge over http reaches its solver, and one over DNS needs none', () => {
  const http = rules({ ...base, certificates: 'acme' });
  assert.deepEqual(openings(http['acme-solver']!.ingress, 'from'), ['edge:8089']);
  assert.equal(rules({ ...base, certificates: 'acme', acmeChallenge: 'dns-01' })['acme-solver'], undefined);
});
