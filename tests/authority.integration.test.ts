import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { fetchServed } from '../certs/edge/tls-endpoint.ts';
import { readChain } from '../certs/index.ts';
import { crlNameOf } from '../certs/x509/keys.ts';
import { readCertificates } from '../certs/x509/pem.ts';
import { waitFor } from '../infra/local/wait.ts';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';

const run = promisify(execFile);
const MAIN = path.resolve(import.meta.dirname, '../certs/cli/main.ts');

describe('the certificates of a running cluster, behind a front that looks at the ALPN,', () => {
  let cluster: Cluster;
  let dir: string;
  before(async () => {
    cluster = await startCluster({ replicas: 1, acmeTlsAlpn: true });
    dir = path.join(cluster.stateDir, 'pki');
  });
  after(() => cluster?.stop());

  const certs = async (...args: string[]) => {
    const { stdout } = await run(process.execPath, [MAIN, ...args, '--dir', dir, '--json']);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const root = () => readCertificates(path.join(dir, 'roots.pem'));
  const served = async () => {
    const port = Number(new URL(cluster.url).port);
    return fetchServed({ host: '127.0.0.1', port, serverName: 'localhost' }, root());
  };
  const get = (options: RequestOptions) =>
    new Promise<{ status: number; body: Buffer }>((resolve, reject) => {
      const asked = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks) }));
      });
      asked.on('error', reject);
      asked.end();
    });

  test('are rotated by the command line, and the edge serves the new leaf at once', async () => {
    await waitFor(async () => existsSync(path.join(dir, 'edge.json')) || undefined, {
      what: 'edge.json',
      timeoutMs: 60_000,
    });
    for (const role of ['leaf', 'intermediate']) {
      const before = (await served()).chain[0]!.fingerprint256;
      assert.equal((await certs('rotate', role)).edge, 'updated');
      const { chain, refused } = await served();
      assert.equal(refused, undefined);
      assert.notEqual(chain[0]!.fingerprint256, before);
      assert.equal(chain[0]!.fingerprint256, readChain(dir).certificates[2]!.sha256);
    }
    assert.equal((await certs('audit')).good, true);
  });

  test('name revocation lists that the edge serves over plain HTTP, and with which openssl refuses a revoked leaf', async () => {
    const leaf = path.join(dir, '..', 'other.pem');
    await certs('issue', '--dns', 'localhost', '--out', leaf);
    const { stdout: text } = await run('openssl', ['x509', '-in', leaf, '-noout', '-ext', 'crlDistributionPoints']);
    const { httpUrl } = await cluster.status();
    assert.ok(text.includes(`URI:${httpUrl}/crl/`), text);

    const lists = path.join(dir, '..', 'lists.pem');
    const download = async () => {
      const issuers = ['root.pem', 'intermediate.pem'].map(
        (name) => new X509Certificate(readFileSync(path.join(dir, name))),
      );
      let pem = '';
      for (const [index, issuer] of issuers.entries()) {
        const url = new URL(`/crl/${crlNameOf(issuer)}`, httpUrl);
        const { status, body } = await get({
          host: '127.0.0.1',
          port: url.port,
          path: url.pathname,
          headers: { Host: url.host },
        });
        assert.equal(status, 200);
        const file = path.join(dir, '..', `list-${index}.crl`);
        writeFileSync(file, body);
        pem += (await run('openssl', ['crl', '-inform', 'DER', '-in', file])).stdout;
      }
      writeFileSync(lists, pem);
    };
    const verify = () =>
      run('openssl', [
        ...['verify', '-x509_strict', '-crl_check_all', '-CRLfile', lists, '-CAfile', path.join(dir, 'root.pem')],
        ...['-untrusted', leaf, leaf],
      ]);
    // The watcher signs the first ones, unless they exist already.
    await certs('crl');
    await download();
    await verify();
    await certs('revoke', leaf, '--reason', 'keyCompromise');
    await download();
    await assert.rejects(verify(), { stderr: /certificate revoked/ });
  });

  test('are exposed to Prometheus, and an unknown challenge is not found', async () => {
    const socketPath = path.join(cluster.stateDir, 'run/certs.sock');
    const metrics = async () => {
      const { body } = await get({ socketPath, path: '/metrics' });
      return /^certificate_expiry_seconds\{role="leaf".*\} (\d+)$/m.exec(body.toString())?.[1];
    };
    const seconds = await waitFor(metrics, { what: 'the first check', timeoutMs: 60_000 });
    assert.ok(Number(seconds) > 6 * 86_400);
    const { httpUrl } = await cluster.status();
    const port = new URL(httpUrl).port;
    const answer = await get({ host: '127.0.0.1', port, path: '/.well-known/acme-challenge/nobody' });
    assert.equal(answer.status, 404);
  });
});
