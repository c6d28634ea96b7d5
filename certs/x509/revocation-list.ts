import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoredFile } from '../directory/atomic-files.ts';
import { CertificateError, reasonOf } from '../errors.ts';
import { crlNameOf, keyId } from './keys.ts';
import * as x509 from './library.ts';
import { BACKDATE_MS, lifetimes as defaultLifetimes, type Lifetimes } from './lifetimes.ts';
import type { RevocationReason } from './revocation-reasons.ts';
import { type Identity, issuerIdentifier, signingKeyOf, subjectNameOf } from './signing.ts';

const REASONS: Record<RevocationReason, x509.X509CrlReason> = {
  unspecified: x509.X509CrlReason.unspecified,
  keyCompromise: x509.X509CrlReason.keyCompromise,
  caCompromise: x509.X509CrlReason.cACompromise,
  superseded: x509.X509CrlReason.superseded,
  cessationOfOperation: x509.X509CrlReason.cessationOfOperation,
};

export interface Revocation {
  /** `keyId` of the authority that signed it. */
  issuer: string;
  /** Hexadecimal, upper case. */
  serialNumber: string;
  revokedAt: string;
  reason: RevocationReason;
}

/** Every revocation, and how many lists have been signed. */
export interface RevocationRecord {
  lists: number;
  revocations: Revocation[];
}

const RECORD_NAME = 'revoked.json';
const { X509CrlGenerator } = x509;

/** The revocations so far. Throws a CertificateError for a damaged record. */
export function readRevocations(directory: string): RevocationRecord {
  const path = join(directory, RECORD_NAME);
  if (!existsSync(path)) return { lists: 0, revocations: [] };
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as RevocationRecord;
    if (!Number.isInteger(record.lists) || !Array.isArray(record.revocations))
      throw new TypeError('it is not a record');
    return record;
  } catch (error) {
    throw new CertificateError(
      'corrupt',
      `${path} is damaged (${reasonOf(error)}): put back your copy, because without it revoked certificates are valid again.`,
      { cause: error },
    );
  }
}

/** New lists of these authorities, and the record they are made from. */
export async function crlFiles(
  directory: string,
  issuers: readonly Identity[],
  now: Date,
  lifetimes: Lifetimes = defaultLifetimes,
  added: readonly Revocation[] = [],
): Promise<StoredFile[]> {
  const record = readRevocations(directory);
  const revocations = [...record.revocations, ...added];
  const files: StoredFile[] = [];
  let { lists } = record;
  for (const issuer of issuers) {
    lists += 1;
    const data = await signCrl(issuer, revocations, lists, now, lifetimes);
    files.push({ name: crlNameOf(issuer.certificate), data, mode: 0o644 });
  }
  const data = `${JSON.stringify({ lists, revocations }, null, 2)}\n`;
  return [...files, { name: RECORD_NAME, data, mode: 0o644 }];
}

async function signCrl(
  issuer: Identity,
  revocations: readonly Revocation[],
  number: number,
  now: Date,
  lifetimes: Lifetimes,
): Promise<Uint8Array> {
  // The root signs seldom, perhaps from a vault: its list lasts as long as the certificates it signed.
  const isRoot = issuer.certificate.checkIssued(issuer.certificate);
  const duration = isRoot ? lifetimes.intermediate.duration : lifetimes.leaf.duration;
  const own = revocations.filter((revocation) => revocation.issuer === keyId(issuer.certificate));
  const crl = await X509CrlGenerator.create({
    issuer: subjectNameOf(issuer.certificate),
    thisUpdate: new Date(now.getTime() - BACKDATE_MS),
    nextUpdate: new Date(now.getTime() + duration),
    entries: own.map(({ serialNumber, revokedAt, reason }) => ({
      serialNumber: serialNumber.toLowerCase(),
      revocationDate: new Date(revokedAt),
      // A list expresses "unspecified" by leaving the reason out.
      ...(reason === 'unspecified' ? {} : { reason: REASONS[reason] }),
    })),
    extensions: [await issuerIdentifier(issuer.certificate), crlNumber(number)],
    ...signingKeyOf(issuer.key),
  });
  return new Uint8Array(crl.rawData);
}

function crlNumber(number: number): x509.Extension {
  const bytes: number[] = [];
  for (let left = number; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  if (bytes.length === 0 || bytes[0]! >= 0x80) bytes.unshift(0);
  return new x509.Extension('2.5.29.20', false, Uint8Array.from([0x02, bytes.length, ...bytes]));
}
