// The user's own certificate under npm start: kept over restarts, followed when it changes, renewed by ACME.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { fetchServed } from '../certs/edge/tls-endpoint.ts';
import { ensureChain, issueLeaf, rotate } from '../certs/index.ts';
import { readCertificates } from '../certs/x509/pem.ts';
import { waitFor } from '../infra/local/wait.ts';
import { type Cluster, SupervisorRun, startCluster, temporaryStateDir } from '../loadtest/kit/cluster.ts';
import { type AcmeServer, startAcmeServer, withoutPebble } from './acme-server.ts';
import { freePorts } from './kit/ports.ts';

const HOST = 'game.localhost';
const MAIN = path.resolve(import.meta.dirname, '../certs/cli/main.ts');
const portOf = ({ url }: Cluster) => Number(new URL(url).port);
const servedBy = async (cluster: Cluster) =>
  (await fetchServed({ host: '127.0.0.1', port: portOf(cluster), serverName: HOST }, [])).chain[0]!.fingerprint256;
const leafIn = (file: string) => readCertificates(file)[0]!.fingerprint256;
const serving = (cluster: Cluster, fingerprint: string) =>
  waitFor(async () => ((await servedBy(cluster)) === fingerprint ? true : undefined), {
    what: 'the edge to serve the certificate',
    timeoutMs: 60_000,
  });

describe('the user’s own certificate under npm start', () => {
  let directory: string;
  let file: string;
  let cluster: Cluster;
  const issue = (out: string, names = [HOST]) =>
    issueLeaf({ dir: path.join(directory, 'elsewhere'), dnsNames: names, ipAddresses: [], out });
  before(async () => {
    directory = temporaryStateDir();
    file = path.join(directory, 'own.pem');
    await ensureChain({ dir: path.join(directory, 'elsewhere'), dnsNames: [HOST], ipAddresses: [] });
    await issue(file);
    cluster = await startCluster({ replicas: 1, host: HOST, certificateFile: file });
  });
  after(async () => {
    await cluster?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('is what the edge serves, and what the status shows', async () => {
    assert.equal(await servedBy(cluster), leafIn(file));
    const { certificateFile } = await cluster.status();
    assert.equal(certificateFile?.path, file);
    assert.equal(certificateFile.sha256, leafIn(file));
    assert.equal(certificateFile.problem, undefined);
  });

  test('stays when the authority rotates its own leaf, and when the edge is killed', async () => {
    const { edge } = await rotate({ dir: path.join(cluster.stateDir, 'pki'), role: 'leaf' });
    assert.equal(edge, 'none');
    assert.equal(await servedBy(cluster), leafIn(file));
    await cluster.killEdge();
    await cluster.settled();
    await serving(cluster, leafIn(file));
  });

  test('is replaced in the running edge when the file is', async () => {
    const { edge } = await cluster.status();
    const next = `${file}.next`;
    await issue(next);
    renameSync(next, file);
    await serving(cluster, leafIn(file));
    assert.equal((await cluster.status()).edge.pid, edge.pid, 'nothing was restarted');
  });

  test('that becomes bad is reported, and the last good one stays, even when the edge starts again', async () => {
    const good = readFileSync(file, 'utf8');
    const before = leafIn(file);
    const bad = path.join(directory, 'bad.pem');
    await ensureChain({ dir: path.join(directory, 'third'), dnsNames: ['other.localhost'], ipAddresses: [] });
    const dir = path.join(directory, 'third');
    await issueLeaf({ dir, dnsNames: ['other.localhost'], ipAddresses: [], out: bad });
    copyFileSync(bad, file);
    await cluster.run.line(/own\.pem is for DNS:other\.localhost, not for game\.localhost/);
    const { certificateFile } = await cluster.status();
    assert.match(certificateFile?.problem ?? '', /not for game\.localhost/);
    assert.equal(certificateFile?.sha256, before);
    await cluster.killEdge();
    await cluster.settled();
    assert.equal(await servedBy(cluster), before);
    writeFileSync(file, good);
    await cluster.run.line(/renewal succeeds again/);
  });

  test('that cannot be served is refused before anything starts', async () => {
    const [port, httpPort] = (await freePorts(2)) as [number, number];
    const stateDir = path.join(directory, 'state');
    const run = new SupervisorRun({ port, httpPort, stateDir, certificateFile: path.join(directory, 'none.pem') });
    const { code, stderr } = await run.ended;
    assert.equal(code, 2);
    assert.match(stderr, /^\S*none\.pem cannot be read .*: check the path and who owns it\.\n$/);
    assert.deepEqual(readdirSync(directory).includes('state'), false);
  });
});

describe('a certificate from an ACME authority under npm start', { skip: withoutPebble }, () => {
  let directory: string;
  let stateDir: string;
  let server: AcmeServer;
  let cluster: Cluster | undefined;
  let ports: [number, number];
  before(async () => {
    directory = temporaryStateDir();
    stateDir = path.join(directory, 'state');
    ports = (await freePorts(2)) as [number, number];
    server = await startAcmeServer(directory, { tlsPort: ports[0], httpPort: ports[1] });
  });
  after(async () => {
    await cluster?.stop();
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('is obtained while it runs, served again after a restart, and its renewal reaches the edge', async () => {
    const file = path.join(stateDir, 'pki/public.pem');
    const common = { replicas: 1, host: HOST, stateDir, port: ports[0], httpPort: ports[1] };
    cluster = await startCluster(common);
    const acme = async (...names: string[]) => {
      const args = [
        ...['acme', '--dir', path.join(stateDir, 'pki'), '--out', file, '--server', server.url, '--json'],
        ...names.flatMap((name) => ['--dns', name]),
        ...['--server-root', server.serverRoots, '--root', server.roots],
      ];
      const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args]);
      return JSON.parse(stdout) as { edge: string };
    };
    assert.equal((await acme(HOST)).edge, 'none', 'the edge still serves its own leaf');
    assert.notEqual(await servedBy(cluster), leafIn(file));

    await cluster.stop();
    cluster = await startCluster({ ...common, certificateFile: file });
    const first = leafIn(file);
    assert.equal(await servedBy(cluster), first);
    // Until then the record names what the edge served before.
    const edge = path.join(stateDir, 'pki/edge.json');
    const isTold = async () => readFileSync(edge, 'utf8').includes(JSON.stringify(file)) || undefined;
    await waitFor(isTold, { what: 'the authority to record what the edge serves', timeoutMs: 60_000 });

    assert.equal((await acme(HOST)).edge, 'updated', 'it goes into the edge that serves the file');
    assert.notEqual(leafIn(file), first);
    assert.equal(await servedBy(cluster), leafIn(file));

    // A name that the certificate lacks makes the kept order due, and the watcher checks when it starts.
    await cluster.stop();
    const orders = path.join(stateDir, 'pki/acme');
    const order = path.join(orders, readdirSync(orders).find((name) => name.startsWith('order-'))!);
    const kept = JSON.parse(readFileSync(order, 'utf8')) as { order: { dnsNames: string[] } };
    writeFileSync(order, JSON.stringify({ ...kept, order: { ...kept.order, dnsNames: [HOST, `www.${HOST}`] } }));
    const second = leafIn(file);
    cluster = await startCluster({ ...common, certificateFile: file });
    await cluster.run.line(/certificates: renewed \S*public\.pem/);
    assert.notEqual(leafIn(file), second);
    await serving(cluster, leafIn(file));
    assert.ok(readCertificates(file)[0]!.checkHost(`www.${HOST}`));
  });
});

test('the key of the root is kept encrypted with a passphrase, with which the intermediate is renewed', async (t) => {
  const directory = temporaryStateDir();
  const stateDir = path.join(directory, 'state');
  const rootPassphraseFile = path.join(directory, 'passphrase');
  writeFileSync(rootPassphraseFile, 'a long secret\n');
  const key = () => readFileSync(path.join(stateDir, 'pki/root.key'), 'utf8');
  let cluster = await startCluster({ replicas: 1, stateDir, rootPassphraseFile });
  t.after(async () => {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  assert.match(key(), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
  await cluster.stop();
  // Without its intermediate the next start has to decrypt the root's key.
  const intermediate = path.join(stateDir, 'pki/intermediate');
  const before = readFileSync(`${intermediate}.pem`, 'utf8');
  for (const kind of ['pem', 'key']) rmSync(`${intermediate}.${kind}`);
  cluster = await startCluster({ replicas: 1, stateDir, rootPassphraseFile });
  assert.notEqual(readFileSync(`${intermediate}.pem`, 'utf8'), before);
});
