// The goldens against the schemas of an API server of Kubernetes 1.36, and of the custom resources where somebody
// made those (see infra/schemas); an API server with the charts installed checks them in `npm run e2e`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { fileOf, kindOf } from '../schemas/convert.ts';
import { CUSTOM_SCHEMAS, OWN_SCHEMAS, isOwnKind } from '../schemas/places.ts';
import { checkedIn, goldenFile, stacks } from './golden.ts';
import { toolProblem, toolPath } from './tools.ts';

const skip = toolProblem('kubeconform');

function conform(args: readonly string[], input?: string) {
  const locations = [OWN_SCHEMAS, CUSTOM_SCHEMAS].flatMap((directory) => [
    '-schema-location',
    `${directory}/{{ .ResourceKind }}{{ .KindSuffix }}.json`,
  ]);
  const all = ['-strict', '-output', 'json', '-summary', ...locations, ...args];
  const result = spawnSync(toolPath('kubeconform'), all, { encoding: 'utf8', input });
  const { resources = [], summary } = JSON.parse(result.stdout) as {
    resources: { kind: string; name: string; status: string; msg: string }[];
    summary: { valid: number; invalid: number; errors: number; skipped: number };
  };
  return { resources, summary };
}

/** The custom resources of a golden whose schema nobody made here. */
function customWithoutSchema(stack: string) {
  const manifests = parseAllDocuments(checkedIn(`${stack}.yaml`)).map(
    (document) => document.toJS() as { apiVersion: string; kind: string },
  );
  return manifests.filter(
    (manifest) => !isOwnKind(manifest) && !existsSync(path.join(CUSTOM_SCHEMAS, fileOf(kindOf(manifest)))),
  );
}

for (const stack of stacks) {
  test(`every manifest of the stack ${stack} is what the API server's schema wants`, { skip }, () => {
    const unknown = customWithoutSchema(stack);
    const kinds = [...new Set(unknown.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`))];
    const { resources, summary } = conform([
      ...(kinds.length > 0 ? ['-skip', kinds.join(',')] : []),
      goldenFile(`${stack}.yaml`),
    ]);
    assert.deepEqual(resources.filter(({ status }) => status !== 'statusSkipped'), []);
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

const customSkip =
  skip ||
  (!existsSync(path.join(CUSTOM_SCHEMAS, 'certificate-cert-manager-v1.json')) &&
    'The schemas of custom resources were not made here: infra/schemas/README.md tells how.');

test('the schemas of custom resources refuse a field that is not there', { skip: customSkip }, () => {
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'a' },
    spec: { secretName: 'a', issuerRef: { name: 'b' }, dnsName: ['localhost'] },
  };
  assert.equal(conform(['-'], JSON.stringify(certificate)).summary.invalid, 1);
});
