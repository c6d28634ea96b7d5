// The whole server, with an API server and replicas that are made up.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type MetricsApi, startMetricsApi } from './server.ts';
import { type Authority, createAuthority, type Pair } from './testing/chain.ts';

const HOST = 'metrics-api.gridlock.svc';
const SOCKETS =
  '/apis/custom.metrics.k8s.io/v1beta2/namespaces/gridlock/pods/*/gridlock_sockets?labelSelector=app%3Dgame';
const CONFIG_MAP = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';

let [servers, stranger] = [undefined, undefined] as unknown as [Authority, Authority];
let proxies: Authority;
let frontProxy: Pair;
let directory: string;
let kubernetes: Server;
let replica: Server;
let api: MetricsApi;
/** What the API server was asked, with the token. */
let asked: string[] = [];
let pods: object[] = [];

const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
const pod = (name: string, port: number, more: object = {}, phase = 'Running') => ({
  metadata: { name, ...more },
  spec: {
    containers: [
      {
        ports: [
          { name: 'http', containerPort: 1 },
          { name: 'internal', containerPort: port },
        ],
      },
      {},
    ],
  },
  status: { phase, podIP: '127.0.0.1' },
});
async function writeCertificate(): Promise<void> {
  const { cert, key } = await servers.issue('metrics-api', [HOST]);
  writeFileSync(path.join(directory, 'tls.crt'), cert);
  writeFileSync(path.join(directory, 'tls.key'), key);
}

interface Got {
  code: number;
  body: { kind?: string; message?: string; items?: { describedObject: { name: string }; value: string }[] };
  serial: string | undefined;
}
const get = (target: string, client: Partial<Pair> = frontProxy): Promise<Got> =>
  new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port: api.port,
      path: target,
      servername: HOST,
      ca: servers.ca,
      agent: false,
      ...client,
    };
    request(options, (response) => {
      const serial = (response.socket as TLSSocket).getPeerX509Certificate()?.serialNumber;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          code: response.statusCode ?? 0,
          body: JSON.parse(Buffer.concat(chunks).toString()),
          serial,
        });
      });
    })
      .on('error', reject)
      .end();
  });

before(async () => {
  [servers, proxies, stranger] = (await Promise.all(['servers', 'proxies', 'stranger'].map(createAuthority))) as [
    Authority,
    Authority,
    Authority,
  ];
  frontProxy = await proxies.issue('front-proxy-client');
  directory = mkdtempSync(path.join(tmpdir(), 'gridlock-metrics-api-'));
  await writeCertificate();
  writeFileSync(path.join(directory, 'token'), 'first');
  writeFileSync(path.join(directory, 'ca.crt'), servers.ca);
  replica = createServer((incoming, response) => {
    response.end(incoming.url === '/metrics' ? 'gridlock_sockets{replica="a"} 31\n' : '');
  });
  const replicaPort = await listen(replica);
  pods = [
    pod('game-a', replicaPort),
    pod('game-ending', replicaPort, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    pod('game-starting', replicaPort, {}, 'Pending'),
  ];
  kubernetes = createServer((incoming, response) => {
    asked.push(`${incoming.headers.authorization} ${incoming.url}`);
    const authentication = {
      data: {
        'requestheader-client-ca-file': proxies.ca,
        'requestheader-allowed-names': '["front-proxy-client"]',
      },
    };
    response.end(JSON.stringify(incoming.url === CONFIG_MAP ? authentication : { items: pods }));
  });
  const apiServer = new URL(`http://127.0.0.1:${await listen(kubernetes)}`);
  api = await startMetricsApi({
    namespace: 'gridlock',
    host: '127.0.0.1',
    port: 0,
    tlsDirectory: directory,
    accountDirectory: directory,
    apiServer,
    scrapeMs: 60_000,
    reloadMs: 60_000,
  });
});

after(async () => {
  await api?.stop();
  for (const server of [kubernetes, replica]) server?.close();
  rmSync(directory, { recursive: true, force: true });
});

test('the API server is told the sockets of the pods that run and stay', async () => {
  asked = [];
  const { code, body } = await get(SOCKETS);
  assert.equal(code, 200);
  assert.deepEqual(
    body.items?.map(({ describedObject, value }) => [describedObject.name, value]),
    [['game-a', '31']],
  );
  assert.deepEqual(asked, ['Bearer first /api/v1/namespaces/gridlock/pods?labelSelector=app%3Dgame']);
});

test('the token is read again, as the kubelet renews it', async () => {
  asked = [];
  writeFileSync(path.join(directory, 'token'), 'second\n');
  await get(SOCKETS);
  assert.match(asked[0] as string, /^Bearer second /);
});

for (const [who, client, sentence] of [
  ['who shows no certificate', async () => ({ cert: undefined, key: undefined }) as unknown as Pair, /you showed none/],
  [
    'a certificate of another authority',
    () => stranger.issue('front-proxy-client'),
    /not of the front proxy's authority/,
  ],
  ['a name that is not allowed', () => proxies.issue('somebody'), /of somebody is among the allowed names/],
] as const) {
  test(`${who} is refused with a sentence, discovery included`, async () => {
    const pair = await client();
    for (const target of [SOCKETS, '/apis']) {
      const { code, body } = await get(target, pair);
      assert.deepEqual([code, body.kind], [401, 'Status']);
      assert.match(body.message as string, sentence);
    }
  });
}

test('the kubelet asks for its health without a certificate', async () => {
  assert.equal((await get('/healthz', {})).code, 200);
  assert.equal((await get('/readyz', {})).code, 200);
});

test('a renewed certificate is served to the next connection', async () => {
  const before = (await get('/healthz')).serial;
  await writeCertificate();
  await api.reload();
  const after = (await get('/healthz')).serial;
  assert.notEqual(after, before);
});

test('a certificate that is broken is not taken, and the one before stays', async () => {
  const before = (await get('/healthz')).serial;
  writeFileSync(path.join(directory, 'tls.key'), 'none');
  await assert.rejects(api.reload(), /of no use together/);
  assert.equal((await get('/healthz')).serial, before);
  await writeCertificate();
});

test('a new authority of the front proxy is believed, and the old one no longer', async () => {
  const old = frontProxy;
  proxies = await createAuthority('new proxies');
  frontProxy = await proxies.issue('front-proxy-client');
  await api.reload();
  assert.equal((await get(SOCKETS)).code, 200);
  assert.equal((await get(SOCKETS, old)).code, 401);
});

test('an API server that refuses is a sentence in a Status', async () => {
  const [listener] = kubernetes.listeners('request') as [() => void];
  kubernetes.removeAllListeners('request');
  kubernetes.on('request', (_, response) => response.writeHead(403).end());
  const { code, body } = await get(SOCKETS);
  kubernetes.removeAllListeners('request').on('request', listener);
  assert.equal(code, 503);
  assert.match(body.message as string, /answered 403 when asked for .*check the role of the service account\./);
});

test('without its certificate it does not start, and says why', async () => {
  await assert.rejects(
    startMetricsApi({
      namespace: 'gridlock',
      host: '127.0.0.1',
      port: 0,
      tlsDirectory: '/nowhere',
      accountDirectory: directory,
      apiServer: new URL('http://127.0.0.1:1'),
      scrapeMs: 100,
      reloadMs: 60_000,
    }),
    /\/nowhere\/tls\.(crt|key) cannot be read \(ENOENT\): mount the certificate's Secret there\./,
  );
});
