import type { X509Certificate } from 'node:crypto';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, unwatchFile, watchFile } from 'node:fs';
import { resolve } from 'node:path';
import type { Edge } from './edge.ts';
import { deploy, isRunning, servedLeaf } from './edge.ts';
import { reasonOf } from './errors.ts';
import { parsePem } from './pem.ts';
import { readServerCertificate } from './server-certificate.ts';
import { writeFileAtomically } from './store.ts';

export type ServedFileOptions = {
  /** The file somebody renews: leaf, chain and key. */
  path: string;
  /** The name people connect to. */
  host: string;
  /** What the edge reads when it starts: always the last one that was good. */
  copy: string;
};

const pollMs = 500;

/**
 * A certificate of one's own that the edge serves. Whatever is written to its file is looked at first, put into the
 * running edge, seen in a handshake, and only then what the edge would start with. What is no good is told, and the
 * one before stays.
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

  /** Takes the file for an edge that is about to start. Throws a CertificateError when it is no good. */
  take(now = new Date()): X509Certificate {
    const { path, host, copy } = this.#options;
    const { pem, leaf } = readServerCertificate(path, host, now);
    writeFileAtomically(copy, pem, 0o600);
    return leaf;
  }

  /**
   * Makes the running edge serve what is in the file now. Resolves with the new leaf, or with undefined when it was
   * served already. Throws a CertificateError when it cannot be; the one before is served then.
   */
  async follow(edge: Edge, now = new Date()): Promise<X509Certificate | undefined> {
    const { path, host, copy } = this.#options;
    const { pem, leaf, chain } = readServerCertificate(path, host, now);
    if (!(await isRunning(edge))) return undefined;
    const served = await servedLeaf(edge);
    const isServed = served?.fingerprint256 === leaf.fingerprint256;
    // Who trusts it is not known here: that it leads to the last one of its chain has to do.
    if (!isServed) await deploy(edge, { pem, leaf }, this.#previous(), chain.slice(-1), { anyAuthority: true });
    if (isServed && digest(pem) === digestOf(copy)) return undefined;
    writeFileAtomically(copy, pem, 0o600);
    return isServed ? undefined : leaf;
  }

  /** Calls `listener` soon after the file was written, replaced or removed. */
  watch(listener: () => void): void {
    this.#listener = listener;
    // By its state rather than by events: those end when the file is replaced, as every careful writer does.
    watchFile(this.path, { interval: pollMs, persistent: false }, listener);
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
