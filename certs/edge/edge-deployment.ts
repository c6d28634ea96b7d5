import type { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeFileAtomically } from '../directory/atomic-files.ts';
import { pathsOf } from '../directory/authority-files.ts';
import { CertificateError, hasCode, reasonOf } from '../errors.ts';
import { runtimeCommand } from './runtime-command.ts';
import { type Endpoint, endpointText, fetchServed, type HandshakeOptions } from './tls-endpoint.ts';

/** A HAProxy that serves the leaf. */
export interface Edge {
  /** Path of its Runtime API's socket; a relative one is looked for from the authority's directory. */
  runtimeSocket: string;
  /** What its configuration calls the file with the leaf. */
  certificate: string;
  /**
   * The user's own file, when it serves that instead of the authority's leaf. A rotation then does not touch the edge.
   */
  file?: string;
  /** Where to check which certificate it serves. */
  endpoints: Endpoint[];
  /**
   * UNIX sockets it hands requests to: for http-01 answers and revocation lists, and for tls-alpn-01
   * challenges.
   */
  responderSocket?: string;
  challengeSocket?: string;
}

/** The certificate to serve, and how to check in a handshake that it is served. */
export interface Served {
  pem: string;
  leaf: X509Certificate;
}

/**
 * How long an endpoint may refuse connections. The lock is held meanwhile, so this is shorter than the time that others
 * wait for the lock. A client that is refused for longer, for example because its address has just opened many
 * connections, tries again later.
 */
const PATIENCE_MS = 5_000;
const RETRY_MS = 200;

/** Records which edge serves the leaf of an authority. */
export function writeEdge(dir: string, edge: Edge): void {
  writeFileAtomically(pathsOf(resolve(dir)).edge, `${JSON.stringify(edge, null, 2)}\n`, 0o600);
}

/** The edge that serves the leaf of a directory; undefined when none is recorded. */
export function readEdge(directory: string): Edge | undefined {
  const path = pathsOf(directory).edge;
  if (!existsSync(path)) return undefined;
  try {
    const edge = JSON.parse(readFileSync(path, 'utf8')) as Edge;
    if (!edge.runtimeSocket || !edge.certificate || !Array.isArray(edge.endpoints))
      throw new TypeError('it describes no edge');
    const { responderSocket, challengeSocket } = edge;
    return {
      ...edge,
      runtimeSocket: resolve(directory, edge.runtimeSocket),
      ...(responderSocket === undefined ? {} : { responderSocket: resolve(directory, responderSocket) }),
      ...(challengeSocket === undefined ? {} : { challengeSocket: resolve(directory, challengeSocket) }),
    };
  } catch (error) {
    throw new CertificateError(
      'corrupt',
      `${path} is damaged (${reasonOf(error)}): remove it, or start the edge again, which writes it.`,
      { cause: error },
    );
  }
}

/** Whether the edge's Runtime API answers. */
export async function isRunning(edge: Edge): Promise<boolean> {
  try {
    await runtimeCommand(edge.runtimeSocket, 'show version');
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ECONNREFUSED')) return false;
    throw edgeFault(edge, reasonOf(error));
  }
}

/** Replaces the certificate in the memory of the edge. On failure the one before is still served. */
export async function push(edge: Edge, pem: string): Promise<void> {
  const { runtimeSocket, certificate } = edge;
  const ask = (command: string) =>
    runtimeCommand(runtimeSocket, command).catch((error: unknown) => {
      throw edgeFault(edge, reasonOf(error));
    });
  // A process that was killed between set and commit has left a transaction open.
  await ask(`abort ssl cert ${certificate}`);
  // An empty line ends the payload, and the next one the command.
  const payload = pem.replaceAll(/\n{2,}/g, '\n').trimEnd();
  const set = await ask(`set ssl cert ${certificate} <<\n${payload}\n`);
  if (!/transaction (created|updated)/i.test(set)) throw edgeFault(edge, firstLine(set));
  const committed = await ask(`commit ssl cert ${certificate}`);
  if (/success/i.test(committed)) return;
  await ask(`abort ssl cert ${certificate}`);
  throw edgeFault(edge, firstLine(committed));
}

export interface Trusting {
  /** Accepts any certificate of the chain as a root, whichever authority it belongs to. */
  anyAuthority?: boolean;
}

/** Resolves when every endpoint shows `leaf` in a full handshake, and the roots lead to it. */
export async function requireServed(
  edge: Edge,
  leaf: X509Certificate,
  roots: readonly X509Certificate[],
  { anyAuthority = false }: Trusting = {},
): Promise<void> {
  for (const endpoint of edge.endpoints) {
    const { chain, refused } = await patiently(endpoint, roots, { allowPartialTrustChain: anyAuthority });
    const where = endpointText(endpoint);
    if (chain[0]?.fingerprint256 !== leaf.fingerprint256) throw edgeFault(edge, `${where} shows another certificate`);
    if (refused !== undefined) throw edgeFault(edge, `clients of ${where} would refuse it: ${refused}`);
  }
}

/** The leaf that the first endpoint shows; undefined when there is no endpoint. */
export async function servedLeaf(edge: Edge): Promise<X509Certificate | undefined> {
  const [endpoint] = edge.endpoints;
  return endpoint && (await patiently(endpoint, [])).chain[0];
}

/**
 * Serves `next` and makes sure that clients accept it; otherwise serves `previous` again.
 * @throws CertificateError that says what is served now
 */
export async function deploy(
  edge: Edge,
  next: Served,
  previous: Served | undefined,
  roots: readonly X509Certificate[],
  trusting: Trusting = {},
): Promise<void> {
  try {
    await push(edge, next.pem);
    await requireServed(edge, next.leaf, roots, trusting);
  } catch (error) {
    const reason = reasonOf(error).replace(/\.$/, '');
    if (previous === undefined) throw failed(`${reason}; there is no earlier certificate to go back to`, error);
    try {
      await push(edge, previous.pem);
    } catch (again) {
      throw failed(`${reason}; and the earlier certificate could not be put back (${reasonOf(again)})`, error);
    }
    throw failed(`${reason}; the earlier certificate is served again, and nothing was changed on disk`, error);
  }
}

async function patiently(endpoint: Endpoint, roots: readonly X509Certificate[], options: HandshakeOptions = {}) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await fetchServed(endpoint, roots, options);
    } catch (error) {
      if (performance.now() > deadline) {
        throw new CertificateError(
          'rotation_failed',
          `${endpointText(endpoint)} does not complete a TLS handshake (${reasonOf(error)}): check that the edge runs there.`,
          { cause: error },
        );
      }
      await delay(RETRY_MS);
    }
  }
}

function edgeFault(edge: Edge, reason: string): CertificateError {
  return new CertificateError(
    'rotation_failed',
    `The edge at ${edge.runtimeSocket} did not take the certificate: ${reason}.`,
  );
}

function failed(what: string, cause: unknown): CertificateError {
  return new CertificateError('rotation_failed', `${what}.`, { cause });
}

function firstLine(answer: string): string {
  return (
    answer
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? 'no answer'
  );
}
