import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { BrowserContext } from 'playwright-core';
import { fetchServed } from '../certs/edge/tls-endpoint.ts';
import { ensureChain, issueLeaf } from '../certs/index.ts';
import { generateKeyPair, type KeyType, privateKeyPem } from '../certs/x509/keys.ts';
import * as x509 from '../certs/x509/library.ts';
import { validityFrom } from '../certs/x509/lifetimes.ts';
import { normalizeNames } from '../certs/x509/names.ts';
import { type Identity, serverExtensions, signCertificate } from '../certs/x509/signing.ts';
import { openBrowser } from './kit/chromium.ts';

const day = 24 * 60 * 60 * 1000;
const localhost = normalizeNames(['localhost'], ['127.0.0.1']);
const python = spawnSync('python3', ['-c', 'import ssl']).status === 0;

/** Whether each client accepts what a server at `port` shows; `file` holds the same chain. */
type Client = (port: number, file: string) => Promise<boolean>;

let dir: string;
let browser: BrowserContext;
let clients: Record<string, Client>;
before(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'gridlock-clients-'));
  await ensureChain({ dir, dnsNames: localhost.dnsNames, ipAddresses: localhost.ipAddresses });
  const root = path.join(dir, 'root.pem');
  browser = await openBrowser({ rootCertificate: root });
  const succeeds = (program: string, args: string[]) =>
    promisify(execFile)(program, args).then(
      () => true,
      () => false,
    );
  const script =
    'import socket, ssl, sys\n' +
    'context = ssl.create_default_context(cafile=sys.argv[1])\n' +
    // The common name is not a name of the server, as RFC 9525 says and browsers and Go do.
    'context.hostname_checks_common_name = False\n' +
    'context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[2])), 10), server_hostname="localhost")';
  clients = {
    openssl: (_, file) =>
      succeeds('openssl', [
        ...[
          'verify',
          '-x509_strict',
          '-purpose',
          'sslserver',
          '-verify_hostname',
          'localhost',
          '-no-CApath',
          '-no-CAstore',
        ],
        ...['-CAfile', root, '-untrusted', file, file],
      ]),
    node: async (port) => {
      const endpoint = { host: '127.0.0.1', port, serverName: 'localhost' };
      return (await fetchServed(endpoint, [new X509Certificate(readFileSync(root))])).refused === undefined;
    },
    chromium: async (port) => {
      const page = await browser.newPage();
      try {
        return (await page.goto(`https://localhost:${port}/`))?.status() === 200;
      } catch (error) {
        assert.match(String(error), /ERR_CERT|ERR_SSL/);
        return false;
      } finally {
        await page.close();
      }
    },
    ...(python ? { python: (port: number) => succeeds('python3', ['-c', script, root, String(port)]) } : {}),
  };
});
after(async () => {
  await browser?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** The names of the clients that accept a chain with its key. */
async function accepting(pem: string, without: readonly string[] = []): Promise<string[]> {
  const file = path.join(dir, 'served.pem');
  writeFileSync(file, pem, { mode: 0o600 });
  const server: Server = createServer({ cert: pem, key: pem }, (_, response) => response.end('hello'));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const asked = Object.keys(clients).filter((name) => !without.includes(name));
    const answers = await Promise.all(asked.map((name) => clients[name]!(port, file)));
    return asked.filter((_, index) => answers[index]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('openssl, Node, Python and Chromium, which trust the root alone,', () => {
  for (const keyType of ['P-256', 'P-384', 'RSA-2048', 'RSA-4096', 'Ed25519'] as KeyType[]) {
    // Chromium has no Ed25519 in certificates.
    const without = keyType === 'Ed25519' ? ['chromium'] : [];
    test(`all accept a leaf with a ${keyType} key${without.length > 0 ? ', except in Chromium' : ''}`, async () => {
      const { pem } = await issueLeaf({ dir, ...localhost, out: path.join(dir, 'other.pem'), keyType });
      const expected = Object.keys(clients).filter((name) => !without.includes(name));
      assert.deepEqual(await accepting(pem, without), expected);
    });
  }

  const identityOf = (role: 'root' | 'intermediate'): Identity => ({
    certificate: new X509Certificate(readFileSync(path.join(dir, `${role}.pem`))),
    key: createPrivateKey(readFileSync(path.join(dir, `${role}.key`))),
  });
  type Wish = {
    names?: typeof localhost;
    now?: Date;
    extensions?: x509.Extension[];
    issuer?: () => Identity;
  };
  /** As a thief of the intermediate's key, or a careless authority, would sign it. */
  async function sign({ names = localhost, now = new Date(), extensions, issuer }: Wish): Promise<string> {
    const { publicKey, privateKey } = generateKeyPair('P-256');
    const signer = issuer?.() ?? identityOf('intermediate');
    const certificate = await signCertificate({
      subject: [{ CN: ['localhost'] }],
      publicKey,
      issuer: signer,
      validity: validityFrom(now, day),
      extensions: extensions ?? serverExtensions(names),
    });
    return `${certificate}${identityOf('intermediate').certificate}${privateKeyPem(privateKey)}`;
  }
  const usage = (purpose: x509.ExtendedKeyUsage) =>
    serverExtensions(localhost).map((extension) =>
      extension instanceof x509.ExtendedKeyUsageExtension ? new x509.ExtendedKeyUsageExtension([purpose]) : extension,
    );
  const malformed: Record<string, () => Promise<string>> = {
    'has expired': () => sign({ now: new Date(Date.now() - 2 * day) }),
    'is not valid yet': () => sign({ now: new Date(Date.now() + 2 * day) }),
    'is for another name': () => sign({ names: normalizeNames(['a.localhost'], []) }),
    'is for a forbidden name next to permitted ones': () =>
      sign({ names: normalizeNames(['localhost', 'bank.example'], []) }),
    'is for clients': () => sign({ extensions: usage(x509.ExtendedKeyUsage.clientAuth) }),
    'has no alternative names': () =>
      sign({
        extensions: serverExtensions(localhost).filter((one) => !(one instanceof x509.SubjectAlternativeNameExtension)),
      }),
    'a leaf has signed': async () => {
      const { pem } = await issueLeaf({ dir, ...localhost, out: path.join(dir, 'other.pem') });
      const issuer = { certificate: new X509Certificate(pem), key: createPrivateKey(pem) };
      const signed = await sign({ issuer: () => issuer });
      return signed.replace('-----BEGIN PRIVATE', `${issuer.certificate}-----BEGIN PRIVATE`);
    },
    'another authority has signed': async () => {
      const other = mkdtempSync(path.join(os.tmpdir(), 'gridlock-stranger-'));
      const { leafPath } = await ensureChain({
        dir: other,
        dnsNames: ['localhost'],
        ipAddresses: ['127.0.0.1'],
      });
      const pem = readFileSync(leafPath, 'utf8');
      rmSync(other, { recursive: true });
      return pem;
    },
  };
  for (const [what, make] of Object.entries(malformed)) {
    test(`at least two refuse a leaf that ${what}`, async () => {
      const accepted = await accepting(await make());
      assert.ok(accepted.length <= Object.keys(clients).length - 2, `accepted by ${accepted.join(', ')}`);
    });
  }
});
