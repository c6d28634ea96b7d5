import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../server/environment.ts';
import { readConfig } from './config.ts';

const given = { NAMESPACE: 'gridlock', KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

test('the API server is where Kubernetes says', () => {
  assert.equal(readConfig(given).apiServer.href, 'https://10.96.0.1/');
  assert.equal(
    readConfig({ ...given, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }).apiServer.href,
    'https://[fd00::1]:6443/',
  );
});

for (const [name, value, sentence] of [
  ['NAMESPACE', '', 'The environment variable NAMESPACE is missing.'],
  ['NAMESPACE', '../kube-system', 'The environment variable NAMESPACE is not the name of a namespace.'],
  ['PORT', 'https', 'The environment variable PORT is not a port number.'],
  ['SCRAPE_MS', '0', 'The environment variable SCRAPE_MS is not a number of milliseconds from 10 to 999999.'],
] as const) {
  test(`${name}=${value} is refused`, () => {
    assert.throws(() => readConfig({ ...given, [name]: value }), new ConfigError(sentence));
  });
}
