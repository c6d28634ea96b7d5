import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { EdgeStats, samplesOf } from './edge-stats.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** An exporter whose counters are set by the test. */
async function exporter() {
  const counters = { handshakes: 10, requests: 100, flood: 5, status: 200 };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.headers.host?.split(':')[0]} ${request.url}`);
    const figures = [
      '# HELP haproxy_frontend_current_sessions Number of current sessions',
      'haproxy_frontend_current_sessions{proxy="http"} 1',
      'haproxy_frontend_current_sessions{proxy="https"} 42',
      'haproxy_frontend_limit_sessions{proxy="https"} 8000',
      `haproxy_frontend_http_requests_total{proxy="https"} ${counters.requests}`,
      `haproxy_process_ssl_connections_total ${counters.handshakes}`,
    ];
    const refusals = [`gridlock_edge_refused_requests_total{reason="flood"} ${counters.flood}`];
    response.writeHead(counters.status).end(`${(request.url === '/refusals' ? refusals : figures).join('\n')}\n`);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { counters, asked, url: `http://localhost:${(server.address() as AddressInfo).port}` };
}

test('samples are read with their labels', () => {
  assert.deepEqual(samplesOf('# TYPE a counter\na{x="1",y="b c"} 2.5\nb 3\n'), [
    { name: 'a', labels: { x: '1', y: 'b c' }, value: 2.5 },
    { name: 'b', labels: {}, value: 3 },
  ]);
});

test('sessions are those of now, and rates come from two readings; it is asked by address', async () => {
  const { counters, asked, url } = await exporter();
  const stats = new EdgeStats(url);
  assert.deepEqual(await stats.read(1000), {
    ...{ at: 1000, sessions: 42, sessionLimit: 8000, handshakesPerSecond: null, requestsPerSecond: null },
    refusals: [{ reason: 'flood', total: 5, perSecond: null }],
  });
  Object.assign(counters, { handshakes: 16, requests: 140, flood: 9 });
  const { handshakesPerSecond, requestsPerSecond, refusals } = await stats.read(3000);
  assert.deepEqual([handshakesPerSecond, requestsPerSecond, refusals?.[0]?.perSecond], [3, 20, 2]);
  assert.ok(
    asked.every((one) => one.startsWith('127.0.0.1 ') || one.startsWith('[')),
    asked.join(),
  );
});

test('an edge that was started again has no rates until the reading after', async () => {
  const { counters, url } = await exporter();
  const stats = new EdgeStats(url);
  await stats.read(1000);
  counters.handshakes = 2;
  assert.equal((await stats.read(3000)).handshakesPerSecond, null);
  counters.handshakes = 4;
  assert.equal((await stats.read(5000)).handshakesPerSecond, 1);
});

test('what is wrong is said in a sentence', async () => {
  assert.match((await new EdgeStats(undefined).read()).problem!, /EDGE_METRICS_URL/);
  const { counters, url } = await exporter();
  counters.status = 421;
  assert.match((await new EdgeStats(url).read()).problem!, /^The edge does not tell its figures: it answers 421\.$/);
  servers.at(-1)!.close();
  servers.at(-1)!.closeAllConnections();
  assert.match((await new EdgeStats(url).read()).problem!, /ECONNREFUSED/);
});
