// The goldens against the schemas of an API server of Kubernetes 1.36 and of the custom resources (see infra/schemas).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { readConfig } from '../config/config.ts';
import { render } from '../render/render.ts';
import { SchemasUnavailable, schemaDirectory, WITHOUT_SCHEMA } from '../schemas/sources.ts';
import { checkedIn, goldenFile, STACKS, stacks } from './golden.ts';
import { toolPath, toolProblem } from './tools.ts';

/** The schemas, or why there are none. */
function schemas(): { directory: string; problem: string | false } {
  const problem = toolProblem('kubeconform');
  if (problem) return { directory: '', problem };
  try {
    return { directory: schemaDirectory(), problem: false };
  } catch (error) {
    if (!(error instanceof SchemasUnavailable)) throw error;
    return { directory: '', problem: error.message };
  }
}

const { directory, problem: skip } = schemas();

function conform(args: readonly string[], input?: string) {
  const location = `${directory}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
  const all = ['-strict', '-output', 'json', '-summary', '-schema-location', location, ...args];
  const result = spawnSync(toolPath('kubeconform'), all, { encoding: 'utf8', input });
  const { resources = [], summary } = JSON.parse(result.stdout) as {
    resources: { kind: string; name: string; status: string; msg: string }[];
    summary: { valid: number; invalid: number; errors: number; skipped: number };
  };
  return { resources, summary };
}

/** The custom resources of a golden that have no schema. */
const withoutSchema = (stack: string) =>
  parseAllDocuments(checkedIn(`${stack}.yaml`))
    .map((document) => document.toJS() as { apiVersion: string; kind: string })
    .filter(({ apiVersion }) => WITHOUT_SCHEMA.test(apiVersion));

for (const stack of stacks) {
  test(`every manifest of the stack ${stack} is what the API server's schema wants`, { skip }, () => {
    const unknown = withoutSchema(stack);
    const kinds = [...new Set(unknown.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`))];
    const { resources, summary } = conform([
      ...(kinds.length > 0 ? ['-skip', kinds.join(',')] : []),
      goldenFile(`${stack}.yaml`),
    ]);
    assert.deepEqual(
      resources.filter(({ status }) => status !== 'statusSkipped'),
      [],
    );
    assert.deepEqual([summary.invalid, summary.errors, summary.skipped], [0, 0, unknown.length]);
    assert.ok(summary.valid > 20);
  });
}

for (const [what, manifest] of [
  ['a field that is not there', { spec: { replica: 3, selector: {}, template: {} } }],
  ['a value of the wrong type', { spec: { replicas: 'three', selector: {}, template: {} } }],
  ['a required field that is missing', { spec: { replicas: 3 } }],
] as const) {
  test(`the schemas refuse ${what}`, { skip }, () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, ...manifest };
    assert.equal(conform(['-'], JSON.stringify(deployment)).summary.invalid, 1);
  });
}

const BY_DNS = ['--stack', 'cloud', '--acme-challenge', 'dns-01'];
const AZURE = { subscriptionId: 's', resourceGroup: 'g', clientId: 'c', tenantId: 't' };

for (const [provider, ...flags] of [
  ['route53', '--acme-dns-zone', 'Z0123456789'],
  ['cloud-dns', '--acme-dns-project', 'my-project'],
  ['cloud-dns', '--acme-dns-project', 'my-project', '--acme-dns-zone', 'my-zone', '--acme-dns-secret', '{}'],
  ['azure-dns', '--acme-dns-zone', 'example.com', '--acme-azure', JSON.stringify(AZURE)],
  ['azure-dns', '--acme-dns-zone', 'example.com', '--acme-azure', JSON.stringify(AZURE), '--acme-dns-secret', 'hush'],
  ['cloudflare', '--acme-dns-secret', 'hush'],
] as const) {
  test(`the issuer of a challenge by ${[provider, ...flags].join(' ')} is what cert-manager wants`, {
    skip,
  }, async () => {
    const args = [...BY_DNS, '--acme-dns', provider, ...flags];
    const { manifests } = await render(readConfig({ args, directory: STACKS.cloud, target: 'cluster' }));
    const issuer = manifests.find(({ kind, metadata }) => kind === 'ClusterIssuer' && /-acme$/.test(metadata.name));
    const { resources, summary } = conform(['-'], JSON.stringify(issuer));
    assert.deepEqual([summary.valid, resources], [1, []]);
  });
}

test('the schemas of custom resources refuse a field that is not there', { skip }, () => {
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'a' },
    spec: { secretName: 'a', issuerRef: { name: 'b' }, dnsName: ['localhost'] },
  };
  assert.equal(conform(['-'], JSON.stringify(certificate)).summary.invalid, 1);
});
