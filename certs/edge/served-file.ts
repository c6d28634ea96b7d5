import { createHash, type X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, unwatchFile, watchFile } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { writeFileAtomically } from '../directory/atomic-files.ts';
import { CertificateError, type CertificateErrorCode, reasonOf } from '../errors.ts';
import { parsePem, readPem } from '../x509/pem.ts';
import { isSignedBy, validityOf } from '../x509/summary.ts';
import { deploy, type Edge, isRunning, servedLeaf } from './edge-deployment.ts';

/** A certificate of the user's own that an edge serves, from any authority. */
export interface ServerCertificate {
  leaf: X509Certificate;
  /** Leaf first, each signed by the next one. */
  chain: X509Certificate[];
  /** Chain and key as HAProxy reads them, whatever order the file had. */
  pem: string;
}

/**
 * Reads a file of leaf, chain and key, and checks that it can be served to clients of `host` now. Throws a
 * CertificateError that names the file, what is wrong and how to fix it.
 */
export function readServerCertificate(path: string, host: string, now = new Date()): ServerCertificate {
  const refuse = (code: CertificateErrorCode, problem: string, fix: string): never => {
    throw new CertificateError(code, `${path} ${problem}: ${fix}.`);
  };
  const { certificates: all, keys } = readPem(path);
  // HAProxy serves a certificate twice when the file has it twice.
  const certificates = all.filter(
    ({ fingerprint256: id }, index) => all.findIndex((one) => one.fingerprint256 === id) === index,
  );
  const [leaf] = certificates;
  const [key] = keys;
  const whole = 'it has to hold the certificate, its chain and its private key';
  if (leaf === undefined) return refuse('corrupt', 'holds no certificate', whole);
  if (key === undefined) return refuse('key_missing', 'holds no private key', whole);
  if (keys.length > 1) return refuse('corrupt', 'holds more than one private key', whole);
  if (key === 'encrypted')
    return refuse('key_encrypted', 'holds an encrypted key', 'decrypt it with openssl pkey -in …');
  if (!leaf.checkPrivateKey(key))
    return refuse('key_mismatch', 'holds a key of another certificate than its first', 'put the leaf first');
  if (leaf.ca) return refuse('corrupt', 'begins with the certificate of an authority', 'put the leaf first');
  const stray = certificates.findIndex((one, index) => index > 0 && !isSignedBy(certificates[index - 1]!, one));
  if (stray > 0) {
    const fix = 'write the leaf, then its issuer, and so on';
    return refuse('broken_chain', `is not a chain: certificate ${stray + 1} did not sign the one before it`, fix);
  }
  const { notBefore, notAfter } = validityOf(leaf);
  if (now > notAfter) return refuse('expired', `expired at ${notAfter.toISOString()}`, 'renew it');
  if (now < notBefore) {
    return refuse('not_yet_valid', `is valid only from ${notBefore.toISOString()}`, 'check the clock');
  }
  const fits = isIP(host) === 0 ? leaf.checkHost(host, { subject: 'never' }) : leaf.checkIP(host);
  if (fits === undefined) {
    const names = leaf.subjectAltName ?? 'no name';
    return refuse('invalid_name', `is for ${names}, not for ${host}`, 'get one for the host, or correct the host');
  }
  const pem = `${certificates.join('')}${key.export({ type: 'pkcs8', format: 'pem' }) as string}`;
  return { leaf, chain: certificates, pem };
}

export interface ServedFileOptions {
  /** The file that the user renews: leaf, chain and key. */
  path: string;
  /** The name that clients connect to. */
  host: string;
  /** What the edge reads when it starts: always the last one that was good. */
  copy: string;
}

const POLL_MS = 500;

/**
 * The user's own certificate at the edge. A new version of its file is checked, put into the running edge and seen in a
 * handshake. Only then does it become the file that the edge starts with. A bad file is reported, and the previous
 * certificate stays.
 */
export class ServedFile {
  readonly #options: ServedFileOptions;
  #listener: (() => void) | undefined;

  constructor(options: ServedFileOptions) {
    this.#options = { ...options, path: resolve(options.path) };
  }

  get path(): string {
    return this.#options.path;
  }

  /** Copies the file for an edge that is about to start. Throws a CertificateError when the file cannot be served. */
  take(now = new Date()): X509Certificate {
    const { path, host, copy } = this.#options;
    const { pem, leaf } = readServerCertificate(path, host, now);
    writeFileAtomically(copy, pem, 0o600);
    return leaf;
  }

  /**
   * Makes the running edge serve the current content of the file. Resolves with the new leaf, or with undefined when
   * the edge served it already. Throws a CertificateError when that fails; the edge then serves the previous
   * certificate.
   */
  async follow(edge: Edge, now = new Date()): Promise<X509Certificate | undefined> {
    const { path, host, copy } = this.#options;
    const { pem, leaf, chain } = readServerCertificate(path, host, now);
    if (!(await isRunning(edge))) return undefined;
    const served = await servedLeaf(edge);
    const isServed = served?.fingerprint256 === leaf.fingerprint256;
    // Which clients trust it is not known here, so it only has to lead to the last certificate of its chain.
    if (!isServed) await deploy(edge, { pem, leaf }, this.#previous(), chain.slice(-1), { anyAuthority: true });
    if (isServed && digest(pem) === digestOf(copy)) return undefined;
    writeFileAtomically(copy, pem, 0o600);
    return isServed ? undefined : leaf;
  }

  /** Calls `listener` soon after the file was written, replaced or removed. */
  watch(listener: () => void): void {
    this.#listener = listener;
    // Compares the state of the file, because file events stop when a writer replaces the file, as careful writers do.
    watchFile(this.path, { interval: POLL_MS, persistent: false }, listener);
  }

  unwatch(): void {
    if (this.#listener) unwatchFile(this.path, this.#listener);
  }

  #previous() {
    const { copy } = this.#options;
    try {
      const pem = readFileSync(copy, 'utf8');
      const [leaf] = parsePem(pem).certificates;
      return leaf && { pem, leaf };
    } catch (error) {
      throw new Error(`${copy} cannot be read (${reasonOf(error)})`, { cause: error });
    }
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const digestOf = (path: string): string => (existsSync(path) ? digest(readFileSync(path, 'utf8')) : '');
