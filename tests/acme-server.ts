// Pebble, the ACME project's test server, with its challenge test server as DNS, for the tests next to this
// file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import path from 'node:path';
import { ensureChain, issueLeaf } from '../certs/index.ts';
import { waitFor } from '../infra/local/wait.ts';
import { findBinary } from '../infra/setup/binaries.mjs';
import { freePorts } from './kit/ports.ts';

const TOOLS = path.resolve(import.meta.dirname, '../.tools/bin');
const program = (name: string) => findBinary(path.join(TOOLS, name), name);

/** Why tests with an ACME server cannot run here. */
export const withoutPebble =
  program('pebble') === undefined && 'pebble is not installed: install Go, then npm test installs it';

export interface AcmeServer {
  /** Address of the ACME directory. */
  url: string;
  /** File with the root of its own HTTPS. */
  serverRoots: string;
  /** File with the root of the certificates it issues. */
  roots: string;
  /** Address of the challenge test server's management interface. */
  dnsManagement: string;
  close(): Promise<void>;
}

export interface AcmeServerOptions {
  /** Where it looks for http-01 and tls-alpn-01 answers, for any name. */
  httpPort: number;
  tlsPort: number;
  /** A name server to ask instead of the challenge test server. */
  dnsServer?: string;
}

/** Starts both in a directory. Every name resolves to 127.0.0.1. One request in ten is refused for its nonce. */
export async function startAcmeServer(directory: string, options: AcmeServerOptions): Promise<AcmeServer> {
  const [port, management, dns, dnsManagement] = (await freePorts(4)) as [number, number, number, number];
  const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  const pki = path.join(directory, 'acme-server');
  const { rootPath } = await ensureChain({ dir: pki, ...names });
  const leaf = await issueLeaf({ dir: pki, ...names, out: path.join(directory, 'acme-server.pem') });
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: leaf.path,
      privateKey: leaf.path,
      httpPort: options.httpPort,
      tlsPort: options.tlsPort,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
      retryAfter: { authz: 1, order: 1 },
      keyAlgorithm: 'ecdsa',
      profiles: { default: { description: 'for tests', validityPeriod: 7776000 } },
    },
  };
  const file = path.join(directory, 'pebble.json');
  writeFileSync(file, JSON.stringify(config));
  const processes = [
    spawn(program('pebble-challtestsrv')!, [
      ...['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-dnsserver', `127.0.0.1:${dns}`],
      ...['-management', `127.0.0.1:${dnsManagement}`, '-http01', '', '-https01', '', '-tlsalpn01', '', '-doh', ''],
    ]),
    spawn(program('pebble')!, ['-config', file, '-strict', '-dnsserver', options.dnsServer ?? `127.0.0.1:${dns}`], {
      env: {
        ...process.env,
        PEBBLE_VA_NOSLEEP: '1',
        PEBBLE_WFE_NONCEREJECT: '10',
        // Every renewal has to prove the names again.
        PEBBLE_AUTHZREUSE: '0',
      },
    }),
  ];
  let log = '';
  for (const child of processes) {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (log += String(chunk)));
  }
  const close = () => end(processes);
  const roots = path.join(directory, 'acme-roots.pem');
  try {
    const pem = await waitFor(
      async () => {
        if (processes.some(({ exitCode }) => exitCode !== null)) throw new Error(log);
        return fetchText(`https://127.0.0.1:${management}/roots/0`).catch(() => undefined);
      },
      { what: 'Pebble', timeoutMs: 30_000 },
    );
    writeFileSync(roots, pem);
    // An order for a name that cannot be looked up yet is lost.
    for (const port of [dns, dnsManagement]) {
      const what = `the challenge test server on port ${port}`;
      await waitFor(() => listens(port), { what, timeoutMs: 30_000 });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: `https://localhost:${port}/dir`,
    serverRoots: rootPath,
    roots,
    dnsManagement: `http://127.0.0.1:${dnsManagement}`,
    close,
  };
}

async function end(processes: readonly ChildProcess[]): Promise<void> {
  for (const child of processes) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** @throws when nothing listens */
async function listens(port: number): Promise<true> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } finally {
    socket.destroy();
  }
}

function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // This fetches the root itself, from a server that this process has just started.
    const asked = request(url, { rejectUnauthorized: false }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A real name server for one zone that takes updates with a key. */
export interface NameServer {
  address: string;
  port: number;
  zone: string;
  keyName: string;
  secretFile: string;
  close(): Promise<void>;
}

/** Why tests with a name server cannot run here. */
export const withoutNamed = findBinary('named') === undefined && 'named is not installed: apt-get install bind9';

export async function startNameServer(directory: string, zone: string): Promise<NameServer> {
  const [port] = (await freePorts(1)) as [number];
  const secret = Buffer.from('a secret of thirty-two bytes, ok').toString('base64');
  const secretFile = path.join(directory, 'tsig.secret');
  writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 });
  writeFileSync(
    path.join(directory, 'zone.db'),
    `$TTL 60\n@ SOA ns.${zone}. admin.${zone}. 1 60 60 60 60\n@ NS ns.${zone}.\nns A 127.0.0.1\n* A 127.0.0.1\n@ A 127.0.0.1\n`,
  );
  writeFileSync(
    path.join(directory, 'named.conf'),
    `key "updates" { algorithm hmac-sha256; secret "${secret}"; };
options { directory "${directory}"; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  pid-file none; session-keyfile none; recursion no; dnssec-validation no; };
controls {};
zone "${zone}" { type primary; file "zone.db"; update-policy { grant updates zonesub TXT; }; };
`,
  );
  const child = spawn(findBinary('named')!, ['-g', '-c', path.join(directory, 'named.conf')]);
  let log = '';
  child.stderr.on('data', (chunk) => (log += String(chunk)));
  await waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(log);
      return existsSync(directory) && / running$/m.test(log) ? true : undefined;
    },
    { what: 'named', timeoutMs: 30_000 },
  );
  return { address: '127.0.0.1', port, zone, keyName: 'updates', secretFile, close: () => end([child]) };
}
