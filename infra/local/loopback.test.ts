import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exemptLoopbackFromProxies } from './loopback.ts';

const exempted = (environment: NodeJS.ProcessEnv) => {
  exemptLoopbackFromProxies(environment);
  return environment;
};

test('this machine is exempt from proxies, in addition to the hosts that the environment exempts', () => {
  assert.deepEqual(exempted({}), { NO_PROXY: 'localhost,127.0.0.1,::1,[::1]' });
  assert.deepEqual(exempted({ no_proxy: '.corp, localhost' }), {
    no_proxy: '.corp,localhost,127.0.0.1,::1,[::1]',
    NO_PROXY: 'localhost,127.0.0.1,::1,[::1]',
  });
  assert.equal(exempted({ NO_PROXY: '*' })['NO_PROXY'], '*');
});
