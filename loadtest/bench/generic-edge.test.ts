import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgeSettings } from '../../infra/config/edge-settings.ts';
import { renderEdge } from '../../infra/edge/render.ts';
import { defaults } from '../../infra/edge/testing.ts';
import { forAnySystem } from './generic-edge.ts';

const text = renderEdge({
  settings: edgeSettings(defaults),
  servers: [{ name: 'ws1', address: '127.0.0.1', port: 1, checkPort: 2 }],
  certificate: 'leaf.pem',
  cookieKey: 'key',
  addresses: ['127.0.0.1'],
});

test("the edge of the bench differs from the project's only in the paths for sockets", () => {
  const changed = forAnySystem(text, '/health').split('\n');
  const before = text.split('\n');
  const added = changed.filter((line) => !before.includes(line));
  const removed = before.filter((line) => !changed.includes(line));
  assert.deepEqual(
    added.map((line) => line.trim()),
    [
      'nbthread 1',
      'http-response set-header X-Served-By %[srv_name]',
      'http-check send meth GET uri /health ver HTTP/1.1 hdr Host edge',
    ],
  );
  assert.ok(
    removed.every((line) => /is_socket|is_upgrade|\/readyz ver/.test(line)),
    removed.join('\n'),
  );
});

test('an edge that is not as expected is refused', () => {
  assert.throws(() => forAnySystem(text.replace('default_backend replicas', ''), '/'), /nothing that matches/);
});
