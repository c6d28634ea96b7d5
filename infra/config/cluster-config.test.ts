import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { CHARTS } from './cluster-keys.ts';
import { ConfigError, readConfig, stackConfig } from './config.ts';
import { KEYS, type Key } from './keys.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-config-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const BY_DNS = { certificates: 'acme', host: 'play.example', acmeEmail: 'a@b.example', acmeChallenge: 'dns-01' };

/** The values that the engine passes on for our keys. */
const engine = (values: Readonly<Record<string, unknown>> = {}) =>
  stackConfig(
    'prod',
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        `gridlock:${key}`,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  );

const file = (yaml: string) => {
  writeFileSync(path.join(directory, 'Pulumi.prod.yaml'), yaml);
  return readConfig({ args: ['--stack', 'prod'], directory, target: 'cluster' });
};

test('without any value the engine gives every default', () => {
  const config = engine();
  for (const key of Object.keys(KEYS) as Key[]) assert.deepEqual(config[key], KEYS[key].default);
  assert.equal(config.stack, 'prod');
});

test('the text of the engine and the YAML of the file mean the same configuration', () => {
  const pki = { generations: ['g1', 'g2'], issuing: 'g2', intermediate: 2, leaf: 7 };
  const charts = { certManager: { install: false }, ingress: { source: './charts/kubernetes-ingress' } };
  const values = { workers: 0, proxyProtocol: false, maxReplicas: 30, pki, charts, redisStorage: '20Gi' };
  const yaml = Object.entries(values).map(([key, value]) => `  gridlock:${key}: ${JSON.stringify(value)}`);
  const fromEngine = engine(values);
  assert.deepEqual(file(`config:\n${yaml.join('\n')}\n`), fromEngine);
  assert.deepEqual([fromEngine.workers, fromEngine.proxyProtocol, fromEngine.pki], [0, false, pki]);
});

test('a chart that is named in part keeps the rest of its defaults; a directory has no version', () => {
  const { charts } = engine({
    charts: { certManager: { install: false }, ingress: { source: '/srv/ingress' } },
  });
  assert.deepEqual(charts.certManager, {
    install: false,
    source: CHARTS.certManager.source,
    version: CHARTS.certManager.version,
  });
  assert.deepEqual(charts.ingress, { install: true, source: '/srv/ingress', version: '' });
  assert.equal(charts.metricsServer.install, true);
});

test('an encrypted Redis address counts as set, and nothing of it is shown', () => {
  const yaml = 'config:\n  gridlock:redis: external\n  gridlock:redisUrl:\n    secure: v1:abc\n';
  assert.equal(file(yaml).redisUrl, '');
  assert.throws(
    () => engine({ redis: 'external', redisUrl: 'http://user:hunter2@redis' }),
    (error: Error) => error instanceof ConfigError && !error.message.includes('hunter2'),
  );
});

test('keys of a cluster are no flags of npm start, whose checks leave them to the cluster', () => {
  assert.throws(() => readConfig({ args: ['--workers', '1'], directory }), /Unknown flag --workers/);
  writeFileSync(path.join(directory, 'Pulumi.dev.yaml'), 'config:\n  gridlock:redis: external\n');
  assert.equal(readConfig({ directory }).redis, 'external');
  assert.equal(readConfig({ directory, args: ['--replicas', '16'] }).maxReplicas, 12);
});

test('every key has a help text and names its allowed values', () => {
  for (const [key, { help, allowed }] of Object.entries(KEYS)) {
    assert.ok(help.length > 8 && allowed.length > 5, key);
  }
});

for (const [what, values, pattern] of [
  ['an unknown key', { replica: 4 }, /sets gridlock:replica, which is not a key/],
  ['an unknown cluster', { cluster: 'mesos' }, /"mesos" of gridlock:cluster in the stack prod is refused: kind or/],
  ['a latest image', { image: 'registry.example/game:latest' }, /gridlock:image .*tag other than latest/],
  [
    'a certificate of npm start',
    { certificateFile: 'own.pem' },
    /certificateFile is for npm start alone .*certificatesDir/,
  ],
  ['what breaks parts of npm start', { breakIt: 'on' }, /breakIt is for npm start alone/],
  ['a passphrase of npm start', { rootPassphraseFile: 'secret' }, /rootPassphraseFile is for npm start alone/],
  ['an invalid registry port', { imageMirror: 'mirror.example:99999' }, /gridlock:imageMirror/],
  ['a registry port 0', { image: 'registry.example:0/game:1' }, /gridlock:image /],
  ['an ACME server with a user', { acmeServer: 'https://me:hush@acme.example/dir' }, /gridlock:acmeServer/],
  ['an ACME server with an invalid port', { acmeServer: 'https://acme.example:99999/dir' }, /gridlock:acmeServer/],
  ['an ACME server with a fragment', { acmeServer: 'https://acme.example/dir#a' }, /gridlock:acmeServer/],
  [
    'a chart repository with a user',
    { charts: { ingress: { source: 'https://me:hush@x.example' } } },
    /gridlock:charts/,
  ],
  ['a registry of charts with an invalid port', { charts: { ingress: { source: 'oci://x:99999/a' } } }, /charts/],
  ['an image without a tag', { image: 'registry.example/game' }, /gridlock:image/],
  ['a repository with a tag', { imageRepository: 'registry.example/game:1' }, /gridlock:imageRepository/],
  ['a namespace of the cluster', { namespace: 'kube-system' }, /gridlock:namespace/],
  ['an unknown chart', { charts: { nginx: {} } }, /gridlock:charts .*certManager, trustManager/],
  ['a chart from nowhere', { charts: { ingress: { source: 'somewhere' } } }, /gridlock:charts/],
  ['a map that is not JSON', { charts: '{' }, /gridlock:charts/],
  ['an issuing generation nobody accepts', { pki: { generations: ['g1'], issuing: 'g2' } }, /issuing: one of them/],
  ['a generation named twice', { pki: { generations: ['g1', 'g1'] } }, /one to three different names/],
  ['four generations', { pki: { generations: ['g1', 'g2', 'g3', 'g4'] } }, /one to three different names/],
  ['a leaf numbered 0', { pki: { leaf: 0 } }, /leaf: 1 or more/],
  ['an existing cluster nobody names', { cluster: 'existing', image: 'game:1' }, /needs context \(gridlock:cluster/],
  ['EKS without an image to pull', { cluster: 'eks' }, /cluster: eks, .* needs imageRepository/],
  ['an image both named and pushed', { image: 'game:1', imageRepository: 'registry.example/game' }, /both set/],
  ['the PROXY protocol on kind', { proxyProtocol: true }, /proxyProtocol is true with cluster: kind/],
  [
    'the PROXY protocol on a cloud whose balancer passes packets on',
    { cluster: 'gke', context: 'there', image: 'registry.example/game:1', proxyProtocol: true },
    /proxyProtocol is true with cluster: gke/,
  ],
  ['the same node port twice', { nodePort: 31000, httpNodePort: 31000 }, /are both 31000/],
  ['a Service that kind does not expose', { ingressService: 'ClusterIP' }, /ClusterIP with cluster: kind/],
  [
    'a node port with a load balancer',
    { cluster: 'existing', context: 'c', image: 'r/i:1', nodePort: 31000 },
    /nodePort is set, but the Service of the edge is of type LoadBalancer/,
  ],
  ['external-dns for localhost', { externalDns: true }, /externalDns is true and host is localhost/],
  [
    'external-dns without a load balancer',
    { externalDns: true, host: 'play.example' },
    /externalDns is true with cluster: kind/,
  ],
  ['files without a directory', { certificates: 'files' }, /certificates: files needs certificatesDir/],
  ['ACME for localhost', { certificates: 'acme', acmeEmail: 'a@b.example' }, /certificates is acme and host localhost/],
  ['ACME without an account', { certificates: 'acme', host: 'play.example' }, /needs acmeEmail/],
  [
    'dns-01 without a zone',
    { certificates: 'acme', host: 'play.example', acmeEmail: 'a@b.example', acmeChallenge: 'dns-01' },
    /dns-01 by route53 needs acmeDnsZone/,
  ],
  ['Route 53 with the name of a zone', { ...BY_DNS, acmeDnsZone: 'play.example' }, /route53 needs acmeDnsZone/],
  ['Cloud DNS without a project', { ...BY_DNS, acmeDns: 'cloud-dns' }, /cloud-dns needs acmeDnsProject/],
  ['Cloudflare without a token', { ...BY_DNS, acmeDns: 'cloudflare' }, /cloudflare needs acmeDnsSecret/],
  ['Azure DNS without a zone', { ...BY_DNS, acmeDns: 'azure-dns' }, /azure-dns needs acmeDnsZone/],
  [
    'Azure DNS without an identity',
    {
      ...BY_DNS,
      acmeDns: 'azure-dns',
      acmeDnsZone: 'play.example',
      acmeAzure: { subscriptionId: 's', resourceGroup: 'g' },
    },
    /azure-dns needs clientId of acmeAzure/,
  ],
  [
    'an application of Azure without its tenant',
    {
      ...BY_DNS,
      acmeDns: 'azure-dns',
      acmeDnsZone: 'play.example',
      acmeAzure: { subscriptionId: 's', resourceGroup: 'g', clientId: 'c' },
      acmeDnsSecret: 'hush',
    },
    /azure-dns needs tenantId of acmeAzure/,
  ],
  [
    'the project of another provider',
    { ...BY_DNS, acmeDns: 'cloudflare', acmeDnsSecret: 'hush', acmeDnsProject: 'my-project' },
    /acmeDnsProject is set, which acmeDns: cloudflare does not use/,
  ],
  [
    'the http-01 challenge behind the plain edge',
    { certificates: 'acme', host: 'play.example', acmeEmail: 'a@b.example', ingress: 'haproxy' },
    /acmeChallenge is http-01 and ingress is haproxy/,
  ],
  ['an external Redis nobody names', { redis: 'external' }, /redis: external needs redisUrl/],
  ['a Redis address that is not used', { redisUrl: 'redis://a:6379' }, /redisUrl is set and redis is single/],
  [
    'fewer replicas at most than at least',
    { maxReplicas: 2 },
    /maxReplicas is 2 and replicas 4 \(gridlock:maxReplicas/,
  ],
  ['the same port twice', { port: 8080 }, /port and httpPort are both 8080 \(gridlock:port in the stack prod\)/],
] as const) {
  test(`${what} is refused with a sentence that names it`, () => {
    assert.throws(
      () => engine(values),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, pattern);
        assert.match(error.message, /\.$/);
        return true;
      },
    );
  });
}
