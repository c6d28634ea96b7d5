import { resolve } from 'node:path';
import { withDirectory } from './directory.ts';
import { loadRoot } from './files.ts';
import { assertSigning } from './issue.ts';
import { enterLedger } from './ledger.ts';
import { leafDuration } from './lifetimes.ts';
import { servedCrossCertificate, signingIntermediate } from './material.ts';
import { lifetimesIn, readSettings } from './settings.ts';
import type { CertificateSummary } from './summary.ts';
import { summarize } from './summary.ts';

export type SignOptions = {
  dir: string;
  /** PEM of the request, and what to call it in an error. */
  request: string;
  path: string;
  /** Milliseconds, capped as for every leaf. */
  duration?: number | undefined;
  now?: Date;
};

export type SignedRequest = {
  /** PEM of the certificate and its intermediate. */
  certificates: string;
  summary: CertificateSummary;
  /** What the request asked for and did not get. */
  dropped: string[];
  shortenedFrom?: number;
};

/**
 * Certifies the key of a request for its names. Nothing else is taken from the request: usages, subject and
 * lifetime are the authority's. Throws a CertificateError for a request that must not be signed.
 */
export async function signRequest(options: SignOptions): Promise<SignedRequest> {
  const { checkRequest } = await import('./request.ts');
  const { names, publicKey, dropped } = await checkRequest(options.request, options.path);
  return withDirectory(options.dir, async (directory) => {
    const { certifyLeaf } = await import('./authority.ts');
    const { now = new Date() } = options;
    const settings = readSettings(directory);
    const lifetimes = lifetimesIn(settings);
    const intermediate = signingIntermediate(directory);
    assertSigning(directory, intermediate.certificate, now);
    const { duration, shortenedFrom } = leafDuration(options.duration, lifetimes, now);
    const { crlUrl } = settings;
    const leaf = await certifyLeaf(intermediate, names, publicKey, { now, lifetimes, duration, crlUrl });
    enterLedger(directory, resolve(options.path), leaf, loadRoot(directory)!, now);
    const cross = servedCrossCertificate(directory);
    return {
      certificates: [leaf, intermediate.certificate, ...(cross ? [cross] : [])].join(''),
      summary: summarize('leaf', options.path, leaf),
      dropped,
      ...(shortenedFrom === undefined ? {} : { shortenedFrom }),
    };
  });
}
