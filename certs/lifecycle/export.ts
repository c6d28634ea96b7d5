import { resolve } from 'node:path';
import { loadTrust, pathsOf } from '../directory/authority-files.ts';
import { CertificateError } from '../errors.ts';
import { readPem } from '../x509/pem.ts';

export const exportFormats = ['pem', 'der', 'pkcs12', 'bundle'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  dir: string;
  /** Certificates, and for PKCS#12 their key; the directory's leaf by default. */
  file?: string | undefined;
  format: ExportFormat;
  /** Encrypts PKCS#12. */
  passphrase?: string | undefined;
  /** The friendly name of the key in PKCS#12. */
  name?: string;
}

/** Converts a file to another format. Throws a CertificateError when the file lacks a part that the format needs. */
export async function exportCertificates(options: ExportOptions): Promise<string | Uint8Array> {
  const directory = resolve(options.dir);
  if (options.format === 'bundle') {
    const roots = loadTrust(directory);
    if (roots.length > 0) return roots.join('');
    throw new CertificateError('incomplete', `${pathsOf(directory).root} is missing: name the --dir of an authority.`);
  }
  const path = options.file ?? pathsOf(directory).leaf;
  const { certificates, keys } = readPem(path);
  const [first] = certificates;
  if (first === undefined)
    throw new CertificateError('corrupt', `${path} holds no certificate: name the file that does.`);
  if (options.format === 'pem') return certificates.join('');
  if (options.format === 'der') return Uint8Array.from(first.raw);
  const [key] = keys;
  if (key === undefined || key === 'encrypted' || options.passphrase === undefined) {
    throw new CertificateError(
      'key_missing',
      `${path} holds no plain private key for the PKCS#12 file: name the file with certificate and key.`,
    );
  }
  if (!first.checkPrivateKey(key)) {
    throw new CertificateError('key_mismatch', `The key in ${path} does not belong to its first certificate.`);
  }
  const { toPkcs12 } = await import('../x509/pkcs12.ts');
  return toPkcs12(key, certificates, options.passphrase, options.name ?? 'gridlock');
}
