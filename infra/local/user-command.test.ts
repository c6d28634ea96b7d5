import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECKOUT } from '../config/config.ts';
import { userTraceVariables } from '../config/traces.ts';
import { environmentOf, startedIn } from './user-command.ts';

const copy = { name: 'ws2', appId: '2222', port: 3000 };

test('a command runs in the directory in which the user gave it, with npm and without', () => {
  assert.equal(startedIn({ GRIDLOCK_STARTED_IN: CHECKOUT, INIT_CWD: '/srv/app' }), '/srv/app');
  assert.equal(startedIn({ GRIDLOCK_STARTED_IN: '/srv/app', INIT_CWD: '/somewhere/else' }), '/srv/app');
  assert.equal(startedIn({ GRIDLOCK_STARTED_IN: CHECKOUT }), CHECKOUT);
  assert.equal(startedIn({}), process.cwd());
});

test('a copy has the environment of its user, and its port, APPID and Redis', () => {
  const env = { PATH: '/bin', HOME: '/root', PORT: '1', npm_package_name: 'gridlock', INIT_CWD: '/srv/app' };
  assert.deepEqual(environmentOf(copy, 'redis://127.0.0.1:6379', env), {
    PATH: '/bin',
    HOME: '/root',
    PORT: '3000',
    APPID: '2222',
    REDIS_URL: 'redis://127.0.0.1:6379',
  });
});

test('without a Redis of ours, the REDIS_URL of the user stays', () => {
  assert.equal(environmentOf(copy, undefined, { REDIS_URL: 'redis://mine:1' })['REDIS_URL'], 'redis://mine:1');
});

test("the configuration's settings for traces override the user's environment", () => {
  const env = { OTEL_SERVICE_NAME: 'chat', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://elsewhere:4318' };
  const ours = userTraceVariables({ tracesEndpoint: 'http://127.0.0.1:4318', tracesSampleRatio: 1 });
  assert.deepEqual(environmentOf(copy, undefined, env, ours), {
    OTEL_SERVICE_NAME: 'chat',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '1',
    PORT: '3000',
    APPID: '2222',
  });
});
