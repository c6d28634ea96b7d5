import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import type { ServedCertificate, ServedChain } from '../../protocol/operations.ts';

const TIMEOUT_MS = 5000;

export interface ServedChainOptions {
  /** Origin of the page, as `https://localhost:8443`. */
  readonly origin: string;
  /** `host:port` to connect to where the origin's own cannot be reached from here. */
  readonly address?: string | undefined;
  /** PEM of the roots that clients trust: with them, the result says whether clients would accept the certificate. */
  readonly rootsFile?: string | undefined;
}

/** The chain that the edge serves to a new client, read in a separate handshake. Never rejects. */
export async function lookAtEdge(options: ServedChainOptions, now = Date.now()): Promise<ServedChain> {
  const { origin, address, rootsFile } = options;
  const { hostname, port, host } = new URL(origin);
  const name = hostname.replace(/^\[|\]$/g, '');
  const [, place = name, number = port || '443'] = /^(.*):(\d+)$/.exec(address ?? '') ?? [];
  const seen = { endpoint: host, checkedAt: now };
  try {
    const roots = rootsFile === undefined ? [] : readRoots(rootsFile);
    const { chain, problem } = await shown({
      host: place,
      port: Number(number),
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(roots.length === 0 ? {} : { ca: roots.map(String) }),
    });
    const root = roots.find((one) => chain.at(-1)?.checkIssued(one));
    const whole = root === undefined || chain.at(-1)?.fingerprint256 === root.fingerprint256 ? chain : [...chain, root];
    // Without the roots that clients trust, their verdict is unknown.
    return { ...seen, certificates: whole.map(describe), ...(roots.length > 0 && problem ? { problem } : {}) };
  } catch (error) {
    return { ...seen, certificates: [], problem: `no handshake with ${host}: ${(error as Error).message}` };
  }
}

function shown(options: ConnectionOptions): Promise<{ chain: X509Certificate[]; problem: string | undefined }> {
  return new Promise((resolve, reject) => {
    // The chain is only inspected: nothing is sent, and whether it is valid is part of the answer.
    const socket = connect({ ...options, rejectUnauthorized: false, timeout: TIMEOUT_MS }, () => {
      const chain: X509Certificate[] = [];
      let next = socket.getPeerX509Certificate();
      while (next !== undefined && !chain.some(({ fingerprint256 }) => fingerprint256 === next!.fingerprint256)) {
        chain.push(next);
        next = next.issuerCertificate;
      }
      const { authorized, authorizationError } = socket;
      const reason = authorizationError instanceof Error ? authorizationError.message : String(authorizationError);
      resolve({ chain, problem: authorized ? undefined : `clients would refuse it: ${reason}` });
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    socket.on('error', reject);
  });
}

function readRoots(path: string): X509Certificate[] {
  const blocks = readFileSync(path, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem));
}

function describe(certificate: X509Certificate): ServedCertificate {
  const names = (certificate.subjectAltName?.split(', ') ?? []).map((name) =>
    readable(name.replace(/^(DNS|IP Address):/, '')),
  );
  return {
    subject: nameOf(certificate.subject) || names[0] || 'no name',
    issuer: nameOf(certificate.issuer),
    names,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
}

/** OpenSSL writes every zero of an IPv6 address. */
const readable = (name: string): string =>
  isIP(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;

/** The common name, or the whole of it on one line. */
const nameOf = (subject: string | undefined): string =>
  /^CN=(.*)$/m.exec(subject ?? '')?.[1] ?? (subject ?? '').split('\n').join(', ');
