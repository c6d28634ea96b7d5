import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { CertificateErrorCode } from './errors.ts';
import { CertificateError } from './errors.ts';
import { isSignedBy } from './files.ts';
import { readPem } from './pem.ts';
import { validityOf } from './summary.ts';

/** A certificate of one's own that an edge serves: of whatever authority. */
export type ServerCertificate = {
  leaf: X509Certificate;
  /** Leaf first, each signed by the next one. */
  chain: X509Certificate[];
  /** Chain and key as HAProxy reads them, whatever order the file had. */
  pem: string;
};

/**
 * Reads a file of leaf, chain and key, and makes sure that clients of `host` can be shown it now.
 * Throws a CertificateError that names the file, what is wrong and the mend.
 */
export function readServerCertificate(path: string, host: string, now = new Date()): ServerCertificate {
  const refuse = (code: CertificateErrorCode, problem: string, mend: string): never => {
    throw new CertificateError(code, `${path} ${problem}: ${mend}.`);
  };
  const { certificates, keys } = readPem(path);
  const [leaf] = certificates;
  const [key] = keys;
  const whole = 'it has to hold the certificate, its chain and its private key';
  if (leaf === undefined) return refuse('corrupt', 'holds no certificate', whole);
  if (key === undefined) return refuse('key_missing', 'holds no private key', whole);
  if (keys.length > 1) return refuse('corrupt', 'holds more than one private key', whole);
  if (key === 'encrypted')
    return refuse('key_encrypted', 'holds an encrypted key', 'decrypt it, openssl pkey -in … does');
  if (!leaf.checkPrivateKey(key))
    return refuse('key_mismatch', 'holds a key of another certificate than its first', 'put the leaf first');
  if (leaf.ca) return refuse('corrupt', 'begins with the certificate of an authority', 'put the leaf first');
  const stray = certificates.findIndex((one, index) => index > 0 && !isSignedBy(certificates[index - 1]!, one));
  if (stray > 0) {
    const mend = 'write the leaf, then who signed it, and so on';
    return refuse('broken_chain', `is no chain: certificate ${stray + 1} did not sign the one before it`, mend);
  }
  const { notBefore, notAfter } = validityOf(leaf);
  if (now > notAfter) return refuse('expired', `expired at ${notAfter.toISOString()}`, 'renew it');
  if (now < notBefore) {
    return refuse('not_yet_valid', `is valid from ${notBefore.toISOString()} only`, 'see whether the clock is right');
  }
  const fits = isIP(host) === 0 ? leaf.checkHost(host, { subject: 'never' }) : leaf.checkIP(host);
  if (fits === undefined) {
    const names = leaf.subjectAltName ?? 'no name';
    return refuse('invalid_name', `is for ${names}, not for ${host}`, 'get one for the host, or mend the host');
  }
  const pem = `${certificates.join('')}${key.export({ type: 'pkcs8', format: 'pem' }) as string}`;
  return { leaf, chain: certificates, pem };
}
