import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { assertBegun, loadLeafFile, loadRoot, pathsOf } from '../directory/authority-files.ts';
import { withDirectory } from '../directory/directory.ts';
import { recordIssued } from '../directory/issued.ts';
import { leafPem, servedCrossCertificate, signingIntermediate } from '../directory/material.ts';
import { requireOutputs, writeOutput } from '../directory/output-file.ts';
import { lifetimesIn, readSettings } from '../directory/settings.ts';
import { CertificateError } from '../errors.ts';
import type { KeyType } from '../x509/keys.ts';
import { isDue, leafDuration } from '../x509/lifetimes.ts';
import { covers, normalizeNames, parseSubjectAltName } from '../x509/names.ts';
import { type CertificateSummary, summarize, validityOf } from '../x509/summary.ts';

export interface IssueLeafOptions {
  /** The authority's directory; its intermediate signs. */
  dir: string;
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
  /** The file to write leaf, intermediate and key to, readable by its owner alone. */
  out: string;
  /** Milliseconds; a leaf's lifetime in this authority by default, and never more. */
  duration?: number | undefined;
  keyType?: KeyType | undefined;
  /** Keeps the file at `out` when it matches the request, is from the same intermediate and is not due for renewal. */
  reuse?: boolean;
  now?: Date;
  lockTimeoutMs?: number;
}

export interface IssuedLeaf {
  path: string;
  /** PEM of leaf and intermediate, the key of the leaf, and all three as they are in the file. */
  certificates: string;
  key: string;
  pem: string;
  summary: CertificateSummary;
  /** False when `reuse` kept what was there. */
  issued: boolean;
  /** The requested milliseconds, when the leaf got fewer. */
  shortenedFrom?: number;
}

/**
 * A further leaf from the directory's intermediate, written atomically. The directory records where it is. Throws a
 * CertificateError for a name outside the name constraints, and when the intermediate cannot sign.
 */
export async function issueLeaf(options: IssueLeafOptions): Promise<IssuedLeaf> {
  const names = normalizeNames(options.dnsNames, options.ipAddresses);
  const out = resolve(options.out);
  const now = options.now ?? new Date();
  return withDirectory(
    options.dir,
    async (directory) => {
      requireOutputs(directory, [out]);
      const settings = readSettings(directory);
      const lifetimes = lifetimesIn(settings);
      const intermediate = signingIntermediate(directory);
      assertSigning(directory, intermediate.certificate, now);
      if (options.reuse && existsSync(out)) {
        const kept = loadLeafFile(directory, out);
        const validity = kept && validityOf(kept.certificate);
        if (
          kept?.issuer.fingerprint256 === intermediate.certificate.fingerprint256 &&
          covers(parseSubjectAltName(kept.certificate.subjectAltName), names) &&
          !isDue('leaf', validity!, validityOf(intermediate.certificate), now, lifetimes)
        ) {
          const chain = [kept.issuer, ...(kept.cross ? [kept.cross] : [])];
          return describe(out, leafPem(kept, ...chain), kept.certificate, false);
        }
      }
      const { issueLeaf: issue } = await import('../x509/issuance.ts');
      const { duration, shortenedFrom } = leafDuration(options.duration, lifetimes, now);
      const { keyType = settings.keyType } = options;
      const leaf = await issue(intermediate, names, {
        now,
        lifetimes,
        duration,
        keyType,
        crlUrl: settings.crlUrl,
      });
      const cross = servedCrossCertificate(directory);
      const pem = leafPem(leaf, intermediate.certificate, ...(cross ? [cross] : []));
      writeOutput(out, pem);
      recordIssued(directory, out, leaf.certificate, loadRoot(directory)!, now);
      return {
        ...describe(out, pem, leaf.certificate, true),
        ...(shortenedFrom === undefined ? {} : { shortenedFrom }),
      };
    },
    options.lockTimeoutMs,
  );
}

/** Throws a CertificateError unless the intermediate may sign at this moment. */
export function assertSigning(directory: string, intermediate: X509Certificate, now: Date): void {
  assertBegun('intermediate', directory, intermediate, now);
  const { notAfter } = validityOf(intermediate);
  if (now < notAfter) return;
  throw new CertificateError(
    'expired',
    `${pathsOf(directory).intermediate} expired on ${notAfter.toISOString()}: ` +
      'make a new one with "npm run certs -- rotate intermediate".',
  );
}

function describe(path: string, pem: string, certificate: X509Certificate, issued: boolean): IssuedLeaf {
  const keyBegins = pem.indexOf('-----BEGIN PRIVATE KEY');
  return {
    path,
    certificates: pem.slice(0, keyBegins),
    key: pem.slice(keyBegins),
    pem,
    summary: summarize('leaf', path, certificate),
    issued,
  };
}

export interface SignOptions {
  dir: string;
  /** The request in PEM or DER, and what to call it in an error. */
  request: string | Uint8Array;
  path: string;
  /** Milliseconds, capped as for every leaf. */
  duration?: number | undefined;
  now?: Date;
}

export interface SignedRequest {
  /** PEM of the certificate and its intermediate. */
  certificates: string;
  summary: CertificateSummary;
  /** What the request asked for and did not get. */
  dropped: string[];
  shortenedFrom?: number;
}

/**
 * Certifies the key of a request for its names. Nothing else is taken from the request: usages, subject and
 * lifetime are the authority's. Throws a CertificateError for a request that must not be signed.
 */
export async function signRequest(options: SignOptions): Promise<SignedRequest> {
  const { checkRequest } = await import('../x509/certificate-request.ts');
  const { names, publicKey, dropped } = await checkRequest(options.request, options.path);
  return withDirectory(options.dir, async (directory) => {
    const { certifyLeaf } = await import('../x509/issuance.ts');
    const { now = new Date() } = options;
    const settings = readSettings(directory);
    const lifetimes = lifetimesIn(settings);
    const intermediate = signingIntermediate(directory);
    assertSigning(directory, intermediate.certificate, now);
    const { duration, shortenedFrom } = leafDuration(options.duration, lifetimes, now);
    const { crlUrl } = settings;
    const leaf = await certifyLeaf(intermediate, names, publicKey, { now, lifetimes, duration, crlUrl });
    recordIssued(directory, resolve(options.path), leaf, loadRoot(directory)!, now);
    const cross = servedCrossCertificate(directory);
    return {
      certificates: [leaf, intermediate.certificate, ...(cross ? [cross] : [])].join(''),
      summary: summarize('leaf', options.path, leaf),
      dropped,
      ...(shortenedFrom === undefined ? {} : { shortenedFrom }),
    };
  });
}
