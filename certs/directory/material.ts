import type { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { CertificateError } from '../errors.ts';
import { decryptKey, privateKeyPem } from '../x509/keys.ts';
import type { Identity } from '../x509/signing.ts';
import type { StoredFile } from './atomic-files.ts';
import { fault, loadCertificate, loadIntermediate, loadKey, loadRoot, pathsOf } from './authority-files.ts';

/** The root with its key, ready to sign. Throws a CertificateError when the key is missing or cannot be decrypted. */
export function signingRoot(directory: string, certificate: X509Certificate, passphrase?: string): Identity {
  const root = identityOf('root', directory, certificate, passphrase);
  if (root !== undefined) return root;
  const { rootKey } = pathsOf(directory);
  throw fault('key_missing', 'root', directory, `A signature of the root is needed, but ${rootKey} is missing`);
}

/** The intermediate with its key, ready to sign. Throws a CertificateError when either is missing. */
export function signingIntermediate(directory: string): Identity {
  const paths = pathsOf(directory);
  const root = loadRoot(directory) ?? absent(paths.root);
  const certificate = loadIntermediate(directory, root) ?? absent(paths.intermediate);
  const identity = identityOf('intermediate', directory, certificate);
  if (identity !== undefined) return identity;
  const problem = `A signature of the intermediate is needed, but ${paths.intermediateKey} is missing`;
  throw fault('key_missing', 'intermediate', directory, problem);
}

/** Undefined without the key: the certificate cannot sign any more. */
export function identityOf(
  role: 'root' | 'intermediate',
  directory: string,
  certificate: X509Certificate,
  passphrase?: string,
): Identity | undefined {
  const key = loadKey(role, directory, certificate);
  if (key !== 'encrypted') return key && { certificate, key };
  const paths = pathsOf(directory);
  const path = role === 'root' ? paths.rootKey : paths.intermediateKey;
  if (passphrase === undefined) {
    throw new CertificateError(
      'key_encrypted',
      `${path} has to sign a certificate, but is encrypted: give its passphrase (--passphrase-file), ` +
        'or put the key there in plain PKCS#8.',
    );
  }
  const opened = decryptKey(path, passphrase);
  if (certificate.checkPrivateKey(opened)) return { certificate, key: opened };
  throw fault('key_mismatch', role, directory, `The key in ${path} does not belong to ${paths[role]}`);
}

/** Certificate and key of the root or intermediate. */
export function authorityFiles(
  role: 'root' | 'intermediate',
  { certificate, key }: Identity,
  passphrase?: string,
): StoredFile[] {
  return [
    { name: `${role}.key`, data: privateKeyPem(key, passphrase), mode: 0o600 },
    { name: `${role}.pem`, data: certificate.toString(), mode: 0o644 },
  ];
}

/** Leaf, what leads to the root, and the leaf's key, as HAProxy reads them from one file. */
export function leafPem(leaf: Identity, ...issuers: X509Certificate[]): string {
  const certificates = [leaf.certificate, ...issuers].map((certificate) => certificate.toString());
  return certificates.join('') + privateKeyPem(leaf.key);
}

/** Every root that clients should trust. */
export function trustBundle(...roots: X509Certificate[]): StoredFile {
  return { name: 'roots.pem', data: roots.map((root) => root.toString()).join(''), mode: 0o644 };
}

/** The cross-signed root, which is served as long as some clients may trust only the previous root. */
export function servedCrossCertificate(directory: string): X509Certificate | undefined {
  const paths = pathsOf(directory);
  return existsSync(paths.previousRoot) ? loadCertificate('root', directory, paths.cross) : undefined;
}

function absent(path: string): never {
  throw new CertificateError(
    'incomplete',
    `${path} is missing: make an authority with "npm run certs -- init", or start the cluster once.`,
  );
}
