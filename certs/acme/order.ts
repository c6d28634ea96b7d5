import { createHash, createPrivateKey, type X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join, resolve } from 'node:path';
import { rootCertificates } from 'node:tls';
import { writeFileAtomically } from '../directory/atomic-files.ts';
import { pathsOf } from '../directory/authority-files.ts';
import { withLock } from '../directory/directory-lock.ts';
import { requireOutputs, writeOutput } from '../directory/output-file.ts';
import { deploy, type Edge, isRunning, readEdge } from '../edge/edge-deployment.ts';
import { CertificateError, reasonOf } from '../errors.ts';
import { readBase64Secret } from '../text-file.ts';
import { createRequest } from '../x509/certificate-request.ts';
import { DEFAULT_KEY_TYPE, generateKeyPair, type KeyType, privateKeyPem } from '../x509/keys.ts';
import { normalizeNames } from '../x509/names.ts';
import { parsePem, readCertificates, readPem } from '../x509/pem.ts';
import { type Challenge, type ChallengeSettings, openSolver } from './challenges.ts';

/**
 * A certificate to obtain: its names, its authority and the challenge. It is plain data, because it is kept for the
 * renewal.
 */
export interface AcmeOrder {
  /** Address of the ACME directory. */
  server: string;
  dnsNames: string[];
  email?: string;
  challenge: ChallengeSettings;
  /** The file to write certificate, chain and key to. */
  out: string;
  keyType?: KeyType;
  /** The edge that serves `out`. */
  edge?: Edge;
  /**
   * Files with the roots of the directory's own HTTPS, and of the certificates it issues. The public roots by default.
   */
  serverRoots?: string;
  roots?: string;
}

export interface Obtained {
  place: string;
  notAfter: string;
  dnsNames: readonly string[];
  edge: 'updated' | 'not running' | 'none';
}

/** How long the authority may take to answer a request. */
const ANSWER_MS = 30_000;

export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';

/**
 * Proves the names and obtains a certificate. Pushes it into the running edge and, once a handshake shows it, writes it
 * to disk. On a failure it throws a CertificateError, and the certificate in use stays.
 */
export async function obtain(dir: string, order: AcmeOrder): Promise<Obtained> {
  const directory = resolve(dir);
  const { dnsNames } = normalizeNames(order.dnsNames, []);
  requireOutputs(directory, [order.out]);
  mkdirSync(pathsOf(directory).acme, { recursive: true, mode: 0o700 });
  const { client, keepAccount } = await clientOf(directory, order);
  const solver = await openSolver(directory, order.challenge, readBase64Secret);
  let chainPem: string;
  let key: string;
  try {
    const options = {
      subject: [],
      dnsNames: [...dnsNames],
      ipAddresses: [],
      keyType: order.keyType ?? DEFAULT_KEY_TYPE,
    };
    const made = await createRequest(options);
    key = privateKeyPem(made.privateKey);
    const { default: acme } = await import('acme-client');
    const toChallenge = (domain: string, token: string, keyAuthorization: string): Challenge => ({
      domain,
      token,
      keyAuthorization,
      alpnCertificate: async () => {
        const identifier = { identifier: { type: 'dns', value: domain } };
        const own = privateKeyPem(generateKeyPair('P-256').privateKey);
        const [alpnKey, cert] = await acme.crypto.createAlpnCertificate(identifier as never, keyAuthorization, own);
        return { key: String(alpnKey), cert: String(cert) };
      },
    });
    chainPem = await client.auto({
      csr: made.request,
      ...(order.email === undefined ? {} : { email: order.email }),
      termsOfServiceAgreed: true,
      // The edge need not be reachable from here by its public name: only the authority has to reach it.
      skipChallengeVerification: true,
      challengePriority: [order.challenge.type],
      challengeCreateFn: async ({ identifier }, { type, token }, keyAuthorization) => {
        if (type !== order.challenge.type)
          throw new Error(`the authority does not offer ${order.challenge.type} for ${identifier.value}`);
        await solver.set(toChallenge(identifier.value, token, keyAuthorization));
      },
      challengeRemoveFn: ({ identifier }, { token }, keyAuthorization) =>
        solver.clear(toChallenge(identifier.value, token, keyAuthorization)),
    });
    keepAccount();
  } catch (error) {
    if (error instanceof CertificateError) throw error;
    throw new CertificateError(
      'acme',
      `${order.server} gave no certificate for ${dnsNames.join(', ')} (${reasonOf(error)}).`,
      {
        cause: error,
      },
    );
  } finally {
    await solver.close();
  }
  return install(directory, order, chainPem, key, dnsNames);
}

async function install(
  directory: string,
  order: AcmeOrder,
  chainPem: string,
  key: string,
  dnsNames: readonly string[],
): Promise<Obtained> {
  const { certificates } = parsePem(chainPem);
  const [leaf] = certificates;
  if (leaf === undefined || !leaf.checkPrivateKey(createPrivateKey(key))) {
    throw new CertificateError('acme', `${order.server} sent a certificate for another key.`);
  }
  const out = resolve(order.out);
  const pem = certificates.join('') + key;
  // A watcher that checked the edge now would put back the old certificate, which is still in the file.
  return withLock(directory, async () => {
    const edge = order.edge ?? servingEdge(directory, out);
    const running = edge !== undefined && (await isRunning(edge));
    if (running) await deploy(edge, { pem, leaf }, previousOf(out), rootsOf(order));
    writeOutput(out, pem);
    const outcome = edge === undefined ? 'none' : running ? 'updated' : 'not running';
    return { place: out, notAfter: leaf.validToDate.toISOString(), dnsNames, edge: outcome };
  });
}

/** The running edge, if it serves this file. Its address may have changed since the order was made. */
function servingEdge(directory: string, out: string): Edge | undefined {
  const edge = readEdge(directory);
  return edge?.file === out ? edge : undefined;
}

function previousOf(path: string): { pem: string; leaf: X509Certificate } | undefined {
  if (!existsSync(path)) return undefined;
  const [leaf] = readPem(path).certificates;
  return leaf && { pem: readFileSync(path, 'utf8'), leaf };
}

function rootsOf({ roots }: AcmeOrder): X509Certificate[] {
  return roots === undefined ? parsePem(rootCertificates.join('\n')).certificates : readCertificates(roots);
}

/** A client with the account's key, which is made once for each authority and kept. */
async function clientOf(directory: string, { server, serverRoots }: AcmeOrder) {
  const { default: acme } = await import('acme-client');
  const ca = serverRoots === undefined ? undefined : readFileSync(serverRoots);
  // A server that takes a request and never answers must not block all other renewals.
  acme.axios.defaults.timeout = ANSWER_MS;
  acme.axios.defaults.httpsAgent = new Agent(ca === undefined ? {} : { ca });
  const id = createHash('sha256').update(server).digest('hex').slice(0, 16);
  const path = join(pathsOf(directory).acme, `account-${id}`);
  const [keyPath, urlPath] = [`${path}.key`, `${path}.url`];
  if (!existsSync(keyPath)) writeFileAtomically(keyPath, privateKeyPem(generateKeyPair('P-256').privateKey), 0o600);
  const client = new acme.Client({
    directoryUrl: server,
    accountKey: readFileSync(keyPath),
    ...(existsSync(urlPath) ? { accountUrl: readFileSync(urlPath, 'utf8').trim() } : {}),
  });
  return { client, keepAccount: () => writeFileAtomically(urlPath, `${client.getAccountUrl()}\n`, 0o600) };
}
