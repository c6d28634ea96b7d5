import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type SecureVersion } from 'node:tls';
import { CertificateError, reasonOf } from '../errors.ts';

/** A TLS server, and the name it is asked for. */
export interface Endpoint {
  host: string;
  port: number;
  serverName?: string;
}

export interface Served {
  /** As the server sent it, leaf first. */
  chain: X509Certificate[];
  protocol: string;
  /** Why the roots do not lead to it; undefined when they do. */
  refused: string | undefined;
}

/** Limits and inputs of a handshake. */
export type HandshakeOptions = Pick<
  ConnectionOptions,
  'minVersion' | 'maxVersion' | 'ciphers' | 'ALPNProtocols' | 'allowPartialTrustChain'
>;

const TIMEOUT_MS = 5_000;

/** Reads `host:port`, `[::1]:port`, or with a default port `host`. Throws a CertificateError. */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::(\d+))?$/i.exec(text);
  const port = Number(match?.[3] ?? 443);
  if (match !== null && port > 0 && port < 65536) return { host: match[1] ?? match[2]!, port };
  throw new CertificateError('invalid_usage', `"${text}" is not an endpoint: write it as host:port.`);
}

export const endpointText = ({ host, port }: Endpoint): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The name that clients of an endpoint ask for. */
export const nameOfEndpoint = ({ host, serverName }: Endpoint): string => serverName ?? host;

/**
 * The certificates that a server shows to a new client. The handshake is a full one: a resumed session would still show
 * the certificate that it began with. Rejects with a system error when there is no connection.
 */
export function fetchServed(
  endpoint: Endpoint,
  roots: readonly X509Certificate[],
  options: HandshakeOptions = {},
): Promise<Served> {
  const name = nameOfEndpoint(endpoint);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: endpoint.host,
      port: endpoint.port,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ca: roots.map((root) => root.toString()),
      rejectUnauthorized: false,
      timeout: TIMEOUT_MS,
      ...options,
      checkServerIdentity: (_, certificate) => {
        const shown = new X509Certificate(certificate.raw);
        const fits = isIP(name) === 0 ? shown.checkHost(name, { subject: 'never' }) : shown.checkIP(name);
        return fits === undefined ? new Error(`the certificate is not for ${name}`) : undefined;
      },
    });
    socket.on('timeout', () => socket.destroy(new Error(`no handshake within ${TIMEOUT_MS / 1000} s`)));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      const { authorizationError } = socket;
      const chain: X509Certificate[] = [];
      let next = socket.getPeerX509Certificate();
      while (next !== undefined && !chain.some((one) => one.fingerprint256 === next!.fingerprint256)) {
        chain.push(next);
        next = next.issuerCertificate;
      }
      resolve({
        chain,
        protocol: socket.getProtocol() ?? 'unknown',
        refused: socket.authorized ? undefined : reasonOf(authorizationError),
      });
      socket.destroy();
    });
  });
}

/** Which of these versions of TLS a server speaks. */
export async function spokenVersions(endpoint: Endpoint, versions: readonly SecureVersion[]): Promise<SecureVersion[]> {
  const spoken: SecureVersion[] = [];
  for (const version of versions) {
    // OpenSSL itself refuses the old ones above security level 0.
    const old = version === 'TLSv1' || version === 'TLSv1.1';
    const options = {
      minVersion: version,
      maxVersion: version,
      ...(old ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
    };
    const speaks = await fetchServed(endpoint, [], options).then(
      () => true,
      () => false,
    );
    if (speaks) spoken.push(version);
  }
  return spoken;
}
