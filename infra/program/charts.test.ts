import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHARTS } from '../config/cluster-keys.ts';
import { fromCheckout, stackConfig } from '../config/config.ts';
import { chartPlace } from './charts.ts';

const withIngress = (source: string) =>
  stackConfig('dev', { 'gridlock:charts': JSON.stringify({ ingress: { source } }) });

test('a chart comes from its repository by name and pinned version', () => {
  const { name, source, version } = CHARTS.ingress;
  assert.deepEqual(chartPlace(stackConfig('dev', {}), 'ingress'), {
    chart: name,
    version,
    repositoryOpts: { repo: source },
  });
});

test('a chart of a registry is named by its whole reference', () => {
  const source = 'oci://registry.example/charts/kubernetes-ingress';
  assert.deepEqual(chartPlace(withIngress(source), 'ingress'), {
    chart: source,
    version: CHARTS.ingress.version,
  });
});

for (const source of ['./charts/kubernetes-ingress', '/srv/charts/kubernetes-ingress-1.52.1.tgz']) {
  test(`a chart at ${source} is taken from there, whatever its version`, () => {
    assert.deepEqual(chartPlace(withIngress(source), 'ingress'), { chart: fromCheckout(source) });
  });
}
