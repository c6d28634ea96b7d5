import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { parseEnvironment } from '../environment.ts';
import { TRACE_VARIABLES, traceSettings } from './trace-settings.ts';

const settings = (environment: Record<string, string>) =>
  traceSettings(parseEnvironment(v.object(TRACE_VARIABLES), environment));
const ENDPOINT = 'http://127.0.0.1:4318';

test('without a collector there are no traces', () => {
  assert.equal(settings({}), undefined);
  assert.equal(settings({ OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_SAMPLER_ARG: '1' }), undefined);
});

test('by default one in a hundred is traced', () => {
  assert.deepEqual(settings({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }), {
    url: 'http://127.0.0.1:4318/v1/traces',
    sampleRatio: 0.01,
    serviceName: 'gridlock',
    attributes: {},
  });
});

test('the endpoint is a base, and traces have a path below it', () => {
  const url = (endpoint: string) => settings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })?.url;
  assert.equal(url('https://otlp.example/tenants/7/'), 'https://otlp.example/tenants/7/v1/traces');
  assert.equal(url('http://[::1]:4318'), 'http://[::1]:4318/v1/traces');
});

test("the service's name and attributes come from OpenTelemetry's variables, with their escapes", () => {
  const given = settings({
    OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT,
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    OTEL_SERVICE_NAME: 'play',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=live, team=ad%61%2Cbob',
  });
  assert.deepEqual(given, {
    url: 'http://127.0.0.1:4318/v1/traces',
    sampleRatio: 0.25,
    serviceName: 'play',
    attributes: { 'deployment.environment.name': 'live', team: 'ada,bob' },
  });
});

for (const [variable, value] of [
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'grpc://collector:4317'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:secret@127.0.0.1:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318/?key=secret'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ['OTEL_TRACES_SAMPLER_ARG', '-0.1'],
  ['OTEL_TRACES_SAMPLER_ARG', 'all'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'production'],
  ['OTEL_RESOURCE_ATTRIBUTES', 'team=%zz'],
] as const) {
  test(`${variable}=${value} is refused with a sentence that does not repeat the value`, () => {
    assert.throws(
      () => settings({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, [variable]: value }),
      ({ message }: Error) =>
        message.startsWith(`The environment variable ${variable} is not`) && !message.includes(value),
    );
  });
}

for (const value of ['0', '1', '1.0', '0.05', '.5', '0.000001']) {
  test(`${value} is a ratio`, () => {
    const given = settings({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_TRACES_SAMPLER_ARG: value });
    assert.equal(given?.sampleRatio, Number(value));
  });
}
