import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentConfigError, readAgentConfig } from './agent-config.ts';

const least = { EDGE_CERTIFICATE: '/tls/tls.crt', EDGE_RUNTIME_SOCKET: '/run/haproxy.sock' };

test('a setting that is not set has a default', () => {
  assert.deepEqual(readAgentConfig(least), {
    edge: {
      certificate: '/tls/tls.crt',
      socket: '/run/haproxy.sock',
      host: '127.0.0.1',
      port: 8443,
      acceptProxy: false,
    },
    drain: { acceptMs: 10_000, spreadMs: 45_000 },
    port: 9102,
    drainPort: 9103,
    intervalMs: 2000,
  });
});

test('a wrong setting is refused with a sentence that names it', () => {
  for (const [setting, message] of [
    [{ EDGE_RUNTIME_SOCKET: '' }, /^EDGE_RUNTIME_SOCKET is not set\.$/],
    [{ EDGE_CERTIFICATE: '/tls/leaf.pem' }, /EDGE_CERTIFICATE.*\.crt file/],
    [{ EDGE_CERTIFICATE: '/tls/x; show env.crt' }, /EDGE_CERTIFICATE/],
    [{ AGENT_PORT: '70000' }, /AGENT_PORT is "70000": a whole number up to 65535/],
    [{ DRAIN_SPREAD_MS: '1s' }, /DRAIN_SPREAD_MS/],
  ] as const) {
    assert.throws(
      () => readAgentConfig({ ...least, ...setting }),
      (error: Error) => {
        assert.ok(error instanceof AgentConfigError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});
