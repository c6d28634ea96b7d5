import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import type { X509CertificateGenerator } from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  /** A certificate of this authority for a client, or with names for a server. */
  issue(commonName: string, dnsNames?: readonly string[]): Promise<Pair>;
}

const newKeys = () =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

async function keyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const text = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${text.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

/** An authority for the time of a test. */
export async function createAuthority(name: string): Promise<Authority> {
  const x509 = await import('@peculiar/x509');
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) };
  const own = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys: own,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    ca: root.toString('pem'),
    issue: async (commonName, dnsNames = []) => {
      const keys = await newKeys();
      const usage = dnsNames.length > 0 ? 'serverAuth' : 'clientAuth';
      const parameters: Parameters<typeof X509CertificateGenerator.create>[0] = {
        subject: `CN=${commonName}`,
        issuer: root.subject,
        ...validity,
        publicKey: keys.publicKey,
        signingKey: own.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage]]),
          ...(dnsNames.length > 0
            ? [new x509.SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: 'dns' as const, value })))]
            : []),
        ],
      };
      const certificate = await x509.X509CertificateGenerator.create(parameters);
      return { cert: certificate.toString('pem'), key: await keyPem(keys) };
    },
  };
}
