import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DAY_MS, temporaryDirectory } from '../testing/fixtures.ts';
import { renewAcme } from './order-renewal.ts';

/** An authority that refuses every request and records its path. */
async function refusing(t: TestContext) {
  const asked: string[] = [];
  const server = createServer(({ url }, answer) => {
    asked.push(url!);
    answer.writeHead(404).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Stores an order as if an earlier run had made it. */
function keep(dir: string, server: string, out: string): void {
  const name = createHash('sha256').update(out).digest('hex').slice(0, 16);
  const order = { server, dnsNames: ['a.example'], challenge: { type: 'http-01' }, out };
  mkdirSync(join(dir, 'acme'), { recursive: true });
  writeFileSync(join(dir, 'acme', `order-${name}.json`), JSON.stringify({ order, failures: 0 }));
}

test('an order that failed while the clock was months ahead is tried again once the clock is right', async (t) => {
  const dir = temporaryDirectory(t);
  const { asked, url } = await refusing(t);
  keep(dir, `${url}/directory`, join(dir, 'a.pem'));
  const now = Date.now();
  await assert.rejects(renewAcme(dir, new Date(now + 60 * DAY_MS)));
  const before = asked.length;
  await assert.rejects(renewAcme(dir, new Date(now)));
  assert.ok(asked.length > before);
});

test('an order that failed a moment ago is left alone', async (t) => {
  const dir = temporaryDirectory(t);
  const { asked, url } = await refusing(t);
  keep(dir, `${url}/directory`, join(dir, 'a.pem'));
  const now = Date.now();
  await assert.rejects(renewAcme(dir, new Date(now)));
  const before = asked.length;
  assert.deepEqual(await renewAcme(dir, new Date(now + 60_000)), []);
  assert.equal(asked.length, before);
});

test('a damaged certificate of one order does not keep the others from being renewed', async (t) => {
  for (const [damaged, other] of [
    ['one', 'two'],
    ['two', 'one'],
  ] as const) {
    const dir = temporaryDirectory(t);
    const { asked, url } = await refusing(t);
    for (const name of [damaged, other]) keep(dir, `${url}/${name}`, join(dir, `${name}.pem`));
    writeFileSync(join(dir, `${damaged}.pem`), '-----BEGIN CERTIFICATE-----\nMIIB');
    await assert.rejects(renewAcme(dir, new Date()));
    assert.ok(asked.includes(`/${other}`), asked.join());
  }
});

test('requests to an authority that does not answer time out', async (t) => {
  const dir = temporaryDirectory(t);
  const { url } = await refusing(t);
  keep(dir, `${url}/directory`, join(dir, 'a.pem'));
  await assert.rejects(renewAcme(dir, new Date()));
  const { default: acme } = await import('acme-client');
  assert.equal(acme.axios.defaults.timeout, 30_000);
});
