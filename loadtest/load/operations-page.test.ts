import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseRun } from '../../services/server/ops/page-feed.ts';
import { figuresOf } from '../../services/web/ops/model/text.ts';
import { runText, tellAt, tellFromInside, tellOneOf, tellOperations } from './operations-page.ts';
import type { Summary } from './summary.ts';

const figures = { samples: 10, p50: 1, p95: 2, p99: 3.5, max: 4 };
const summary = {
  scenario: 'smoke',
  startedAt: '2026-01-31T10:00:00.000Z',
  seconds: 30,
  passed: false,
  target: 'kind',
  thresholds: [{ name: 'n'.repeat(300), passed: false, value: 'v'.repeat(300) }],
  sockets: { wanted: 100, most: 99, vus: 2 },
  metrics: { move_round_trip_ms: figures, delivery_lag_ms: figures, resume_ms: { ...figures, p99: null } },
  counters: { acked_moves: 4821, unexpected_closes: 0 },
  cpu: { k6: { mean: 0.25, most: 1 } },
} as unknown as Summary;

/** A replica that accepts runs, or refuses them. */
async function replica(t: TestContext, status: number) {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    bodies.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
    response.writeHead(status).end('The store is not available.');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, bodies };
}

test('a replica accepts the report of a run, even with long sentences', () => {
  const run = parseRun(runText(summary));
  assert.ok(typeof run !== 'string', String(run));
  assert.equal(run.thresholds[0]?.name.length, 200);
});

test('the operations page has figures of a run to show', () => {
  const run = parseRun(runText(summary));
  assert.ok(typeof run !== 'string');
  assert.deepEqual(figuresOf(run.summary, 12), [
    ['target', 'kind'],
    ['sockets', '99'],
    ['moves', '4,821'],
    ['move p99 ms', '3.5'],
    ['delivery p99 ms', '3.5'],
    ['unexpected closes', '0'],
    ['cores of k6', '0.25'],
  ]);
});

test('from inside a container the run on the input is posted to the internal port', async (t) => {
  const { port, bodies } = await replica(t, 204);
  const child = spawn(process.execPath, tellFromInside(port).slice(1), { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end('{"scenario":"smoke"}');
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.deepEqual(bodies, ['POST /ops/run application/json {"scenario":"smoke"}']);
});

test('from inside a container, a refusal of the replica is an error with the reason', async (t) => {
  const { port } = await replica(t, 503);
  const child = spawn(process.execPath, tellFromInside(port).slice(1), { stdio: ['pipe', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += String(chunk)));
  child.stdin.end('{}');
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.match(said, /503 The store is not available/);
});

test('the next replica gets the run when one refuses it', async (t) => {
  const [sick, well] = [await replica(t, 503), await replica(t, 204)];
  await tellOneOf([sick, well], ({ port }) => tellAt(`http://127.0.0.1:${port}`, '{}'));
  assert.deepEqual([sick.bodies.length, well.bodies.length], [1, 1]);
});

test('when all refuse it, the error has the last reason', async (t) => {
  const { port } = await replica(t, 503);
  await assert.rejects(
    tellOneOf([port], (each) => tellAt(`http://127.0.0.1:${each}`, '{}')),
    /503 The store is not/,
  );
  await assert.rejects(
    tellOneOf([], () => Promise.resolve()),
    /There is no replica/,
  );
});

test('the result says whether the operations page shows a run, and if not, why', async () => {
  const said: string[] = [];
  const report = (line: string) => void said.push(line);
  await tellOperations({ name: 'kind', tellOperations: () => Promise.resolve() }, summary, report);
  await tellOperations({ name: 'kind', tellOperations: () => Promise.reject(new Error('no pod')) }, summary, report);
  await tellOperations({ name: 'wss://play.example' }, summary, report);
  assert.deepEqual(said, [
    'the operations page shows this run',
    'the operations page does not show this run: no pod',
    'the operations page of wss://play.example cannot be reached from here, and does not show this run',
  ]);
});
