import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import type { ChallengeSettings } from '../certs/acme/challenges.ts';
import type { AcmeOrder } from '../certs/acme/order.ts';
import { obtainAndKeep, renewAcme } from '../certs/acme/order-renewal.ts';
import { updateTxt } from '../certs/acme/rfc2136.ts';
import { fetchServed } from '../certs/edge/tls-endpoint.ts';
import { ensureChain } from '../certs/index.ts';
import { Watcher } from '../certs/renewal/watcher.ts';
import { readCertificates } from '../certs/x509/pem.ts';
import { type Edge, startEdge } from '../infra/edge/testing.ts';
import { type AcmeServer, startAcmeServer, startNameServer, withoutNamed, withoutPebble } from './acme-server.ts';

const NAME = 'game.example';
const day = 24 * 60 * 60 * 1000;

describe('a certificate from an ACME authority, through the running edge', { skip: withoutPebble }, () => {
  let edge: Edge;
  let server: AcmeServer;
  let dir: string;
  before(async () => {
    edge = await startEdge(
      {},
      {
        authoritySocket: 'certs.sock',
        tlsAlpnFront: { challenges: 'acme-tls.sock', https: 'https.sock' },
      },
    );
    dir = path.join(edge.directory, 'pki');
    await ensureChain({ dir, dnsNames: [NAME], ipAddresses: [] });
    const { httpPort, port: tlsPort } = edge.config;
    server = await startAcmeServer(edge.directory, { httpPort, tlsPort });
  });
  after(async () => {
    await server?.close();
    await edge?.close();
  });

  const orderOf = (challenge: ChallengeSettings, dnsNames = [NAME]): AcmeOrder => ({
    server: server.url,
    dnsNames,
    email: 'admin@game.example',
    challenge,
    out: path.join(edge.directory, 'leaf.pem'),
    edge: {
      runtimeSocket: edge.runtimeSocket,
      certificate: 'leaf.pem',
      endpoints: [{ host: '127.0.0.1', port: edge.config.port, serverName: dnsNames[0]!.replace('*', 'any') }],
    },
    serverRoots: server.serverRoots,
    roots: server.roots,
  });

  const hook = (action: string) =>
    `curl -sf -d "{\\"host\\":\\"$ACME_RECORD.\\",\\"value\\":\\"$ACME_VALUE\\"}" ${server.dnsManagement}/${action}`;
  const challenges: Record<string, () => ChallengeSettings> = {
    'http-01': () => ({ type: 'http-01', listen: path.join(edge.directory, 'certs.sock') }),
    'tls-alpn-01': () => ({ type: 'tls-alpn-01', listen: path.join(edge.directory, 'acme-tls.sock') }),
    'dns-01 by hooks': () => ({ type: 'dns-01', set: hook('set-txt'), clear: hook('clear-txt') }),
  };
  for (const [title, challenge] of Object.entries(challenges)) {
    test(`is obtained by ${title}, served at once, and renewed when a third of its life is left`, async () => {
      const order = orderOf(challenge());
      const { edge: outcome, notAfter } = await obtainAndKeep(dir, order);
      assert.equal(outcome, 'updated');
      const served = () =>
        fetchServed({ host: '127.0.0.1', port: edge.config.port, serverName: NAME }, readCertificates(server.roots));
      const first = await served();
      assert.equal(first.refused, undefined);
      assert.equal(first.chain[0]!.fingerprint256, readCertificates(order.out)[0]!.fingerprint256);
      assert.equal((statSync(order.out).mode & 0o777).toString(8), '600');

      assert.deepEqual(await renewAcme(dir, new Date()), [], 'nothing is due yet');
      const renewed = await renewAcme(dir, new Date(Date.parse(notAfter) - 29 * day));
      assert.equal(renewed.length, 1);
      const second = await served();
      assert.notEqual(second.chain[0]!.fingerprint256, first.chain[0]!.fingerprint256);
      assert.equal(second.refused, undefined);
      const left = existsSync(path.join(dir, 'acme/challenges')) ? readdirSync(path.join(dir, 'acme/challenges')) : [];
      assert.deepEqual(left, [], 'no answer stays behind');
    });
  }

  test('is renewed by the watcher', async () => {
    const { notAfter } = await obtainAndKeep(dir, orderOf(challenges['http-01']!()));
    const lines: string[] = [];
    // Lists and leaf of the directory itself are due as well by then.
    const now = () => new Date(Date.parse(notAfter) - 29 * day);
    const watcher = new Watcher({ dir, now, report: (line) => lines.push(line) });
    await watcher.look();
    assert.match(lines.join(), /renewed .*leaf\.pem, valid until/);
    assert.match(await watcher.metrics.text(), /certificate_renewals_total\{role="acme"\} 1/);
  });

  test('has one account, whose key is kept', () => {
    const keys = readdirSync(path.join(dir, 'acme')).filter(
      (name) => name.startsWith('account-') && name.endsWith('.key'),
    );
    assert.equal(keys.length, 1);
    assert.equal((statSync(path.join(dir, 'acme', keys[0]!)).mode & 0o777).toString(8), '600');
  });

  test('is for a wildcard by dns-01', async () => {
    const order = orderOf(challenges['dns-01 by hooks']!(), [`*.${NAME}`, NAME]);
    assert.deepEqual((await obtainAndKeep(dir, order)).dnsNames, [`*.${NAME}`, NAME]);
  });

  test('leaves a socket through the TCP front open, and the replica sees its address', async () => {
    const ca = readFileSync(server.roots);
    const answer = await edge.https({ ca, servername: NAME, path: '/x' });
    const { headers } = JSON.parse(answer.body) as { headers: Record<string, string> };
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    const trusting = { ca, servername: NAME };
    const socket = new WebSocket(`wss://127.0.0.1:${edge.config.port}/ws`, trusting);
    await once(socket, 'message');
    await obtainAndKeep(dir, orderOf(challenges['tls-alpn-01']!()));
    socket.send('still there');
    assert.equal(String((await once(socket, 'message'))[0]), 'still there');
    socket.close();
  });

  test('that is refused leaves the one in use, and is not requested again for a while', async () => {
    const out = path.join(edge.directory, 'leaf.pem');
    const inUse = readFileSync(out, 'utf8');
    const wrong = orderOf({ type: 'dns-01', set: 'true', clear: 'true' });
    await assert.rejects(obtainAndKeep(dir, wrong), {
      code: 'acme',
      message: /gave no certificate for game\.example/,
    });
    assert.equal(readFileSync(out, 'utf8'), inUse);

    const [name] = readdirSync(path.join(dir, 'acme')).filter((one) => one.startsWith('order-'));
    const file = path.join(dir, 'acme', name!);
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { order: AcmeOrder };
    writeFileSync(file, JSON.stringify({ ...kept, order: wrong, failures: 0 }));
    const due = new Date(Date.now() + 80 * day);
    await assert.rejects(renewAcme(dir, due), { code: 'acme' });
    assert.deepEqual(await renewAcme(dir, new Date(due.getTime() + 14 * 60_000)), []);
    await assert.rejects(renewAcme(dir, new Date(due.getTime() + 16 * 60_000)), { code: 'acme' });
    assert.equal(readFileSync(out, 'utf8'), inUse);
  });

  test('is obtained by the command line as well', async () => {
    const out = path.join(edge.directory, 'cli.pem');
    const main = path.resolve(import.meta.dirname, '../certs/cli/main.ts');
    const args = [
      ...['acme', '--dir', dir, '--dns', NAME, '--out', out, '--server', server.url, '--json'],
      ...['--server-root', server.serverRoots, '--root', server.roots],
      ...['--listen', path.join(edge.directory, 'certs.sock')],
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args]);
    assert.equal((JSON.parse(stdout) as { place: string }).place, out);
    assert.ok(readCertificates(out)[0]!.checkHost(NAME));
  });
});

describe('updates of a real name server (RFC 2136)', { skip: withoutNamed }, () => {
  let directory: string;
  let named: Awaited<ReturnType<typeof startNameServer>>;
  before(async () => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-dns-'));
    named = await startNameServer(directory, 'zone.example');
  });
  after(async () => {
    await named?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const target = (secret = readFileSync(named.secretFile, 'utf8').trim()) => ({
    host: named.address,
    port: named.port,
    zone: named.zone,
    keyName: named.keyName,
    secret,
    algorithm: 'hmac-sha256' as const,
  });
  const lookup = async (name: string) => {
    const resolver = new Resolver();
    resolver.setServers([`${named.address}:${named.port}`]);
    return (await resolver.resolveTxt(name).catch(() => [])).flat().sort();
  };

  test('add a record next to another of the same name, and remove only that one', async () => {
    const name = '_acme-challenge.zone.example';
    await updateTxt(target(), name, 'one');
    await updateTxt(target(), name, 'two');
    assert.deepEqual(await lookup(name), ['one', 'two']);
    await updateTxt(target(), name, 'one', { remove: true });
    assert.deepEqual(await lookup(name), ['two']);
    await updateTxt(target(), name, 'two', { remove: true });
    assert.deepEqual(await lookup(name), []);
  });

  test('are refused with another secret, outside the zone, and without an answer', async () => {
    const name = '_acme-challenge.zone.example';
    const wrong = target(Buffer.alloc(32).toString('base64'));
    await assert.rejects(updateTxt(wrong, name, 'x'), { message: /refused to update .*NOTAUTH/ });
    await assert.rejects(updateTxt(target(), '_acme-challenge.other.example', 'x'), { message: /NOTZONE/ });
    await assert.rejects(updateTxt({ ...target(), port: 1 }, name, 'x'), { message: /does not answer/ });
    assert.deepEqual(await lookup(name), []);
  });

  test('prove a name to an ACME authority that asks this name server', { skip: withoutPebble }, async (t) => {
    const server = await startAcmeServer(directory, {
      httpPort: 1,
      tlsPort: 1,
      dnsServer: `${named.address}:${named.port}`,
    });
    t.after(() => server.close());
    const { secret: _, ...update } = target();
    const order: AcmeOrder = {
      server: server.url,
      dnsNames: ['zone.example', '*.zone.example'],
      challenge: { type: 'dns-01', update: { ...update, secretFile: named.secretFile } },
      out: path.join(directory, 'zone.pem'),
      serverRoots: server.serverRoots,
      roots: server.roots,
    };
    await obtainAndKeep(path.join(directory, 'pki'), order);
    assert.ok(readCertificates(order.out)[0]!.checkHost('any.zone.example'));
    assert.deepEqual(await lookup('_acme-challenge.zone.example'), []);
  });
});
