import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, readConfig, stackConfig } from './config.ts';
import { edgeSettings } from './edge-settings.ts';
import { replicaSettings } from './replica-environment.ts';

const read = (...args: string[]) => readConfig({ args, directory: '/nonexistent' });

test('without a collector neither the edge nor a replica is configured for traces', () => {
  const config = read('--traces-sample-ratio=1');
  assert.equal(edgeSettings(config).traces, undefined);
  assert.deepEqual(
    Object.keys(replicaSettings(config)).filter((name) => name.startsWith('OTEL')),
    [],
  );
});

test('edge and replicas sample the same fraction', () => {
  const config = read('--traces-endpoint=http://127.0.0.1:4318', '--traces-sample-ratio=0.000001');
  assert.deepEqual(edgeSettings(config).traces, { sampleRatio: 0.000001 });
  assert.equal(replicaSettings(config).OTEL_TRACES_SAMPLER_ARG, '0.000001');
  assert.equal(replicaSettings(config).OTEL_EXPORTER_OTLP_ENDPOINT, 'http://127.0.0.1:4318');
});

for (const ratio of ['-0.1', '1.1', '2', '0.0000001', '1%', '']) {
  test(`${JSON.stringify(ratio)} is not a ratio`, () => {
    assert.throws(() => read(`--traces-sample-ratio=${ratio}`), ConfigError);
  });
}

for (const endpoint of [
  '127.0.0.1:4318',
  'grpc://collector:4317',
  'http://me:hush@collector:4318',
  'http://c:1/?k=v',
]) {
  test(`${endpoint} is not the address of a collector`, () => {
    assert.throws(() => read(`--traces-endpoint=${endpoint}`), ConfigError);
  });
}

for (const host of ['localhost', '127.0.0.1', '[::1]']) {
  test(`on Kubernetes a collector at ${host} is refused, because that is the pod itself`, () => {
    const values = { 'gridlock:tracesEndpoint': `http://${host}:4318` };
    assert.throws(() => stackConfig('prod', values), /tracesEndpoint is .*set it to the Service of the collector/);
  });
}
