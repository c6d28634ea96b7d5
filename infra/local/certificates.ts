import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { ServedFile } from '../../certs/edge/served-file.ts';
import type { CertificateSummary, Chain } from '../../certs/index.ts';
import type { Config } from '../config/config.ts';
import { urlOf } from '../config/origin.ts';
import type { StatePaths } from './state-paths.ts';

/**
 * Makes or reuses the chain for every name of this machine and the configured host; its authority may also sign
 * `others`. The certificates name `crlUrl` as the place of revocation lists.
 */
export async function ensureCertificates(
  directory: string,
  host: string,
  others: readonly string[] = [],
  crlUrl?: string,
  passphrase?: string,
): Promise<Chain> {
  const { ensureChain } = await import('../../certs/index.ts');
  const isAddress = isIP(host) !== 0;
  return ensureChain({
    dir: directory,
    dnsNames: [...new Set(['localhost', ...(isAddress ? [] : [host]), ...others])],
    ipAddresses: [...new Set(['127.0.0.1', '::1', ...(isAddress ? [host] : [])])],
    ...(crlUrl === undefined ? {} : { crlUrl }),
    passphrase,
  });
}

/** The user's own certificate that the edge serves instead of the authority's leaf. */
export type ServedCertificate = Omit<CertificateSummary, 'role'> & {
  /** Why the edge does not serve the present content of the file. */
  problem?: string;
};

type FileSettings = Pick<Config, 'host' | 'certificateFile'>;

/** The user's own certificate that the edge serves; undefined when that is the authority's leaf. */
export async function servedFile(
  { host, certificateFile }: FileSettings,
  { edgeCertificate }: Pick<StatePaths, 'edgeCertificate'>,
): Promise<ServedFile | undefined> {
  if (certificateFile === '') return undefined;
  const { ServedFile } = await import('../../certs/edge/served-file.ts');
  return new ServedFile({ path: certificateFile, host, copy: edgeCertificate });
}

/** @throws CertificateError when the configured file cannot be served to clients of the host */
export async function requireCertificateFile({ host, certificateFile }: FileSettings): Promise<void> {
  if (certificateFile === '') return;
  const { readServerCertificate } = await import('../../certs/edge/served-file.ts');
  readServerCertificate(resolve(certificateFile), host);
}

/** The certificate that the edge serves from the configured file, and the problem with the present content, if any. */
export async function describeCertificateFile(
  { host, certificateFile }: FileSettings,
  { edgeCertificate }: Pick<StatePaths, 'edgeCertificate'>,
): Promise<ServedCertificate | undefined> {
  if (certificateFile === '') return undefined;
  const [{ readServerCertificate }, { readCertificates }, { summarize }] = await Promise.all([
    import('../../certs/edge/served-file.ts'),
    import('../../certs/x509/pem.ts'),
    import('../../certs/x509/summary.ts'),
  ]);
  const path = resolve(certificateFile);
  const { role: _, ...served } = summarize('leaf', path, readCertificates(edgeCertificate)[0]!);
  try {
    readServerCertificate(path, host);
    return served;
  } catch (error) {
    return { ...served, problem: (error as Error).message };
  }
}

/** The default directory of an authority, as its commands know it. */
const DEFAULT_DIRECTORY = '.gridlock/pki';

/**
 * The command that lets this machine trust the root; undefined when it has been run, or the edge does not serve the
 * root.
 */
export async function trustCommand(
  { certificateFile }: Pick<Config, 'certificateFile'>,
  { pki }: Pick<StatePaths, 'pki'>,
): Promise<string | undefined> {
  if (certificateFile !== '') return undefined;
  const { readConsumers } = await import('../../certs/directory/consumers.ts');
  try {
    // An exported bundle is for other clients.
    if (readConsumers(pki).some(({ kind }) => kind !== 'file')) return undefined;
  } catch {
    // The command reports the damage.
  }
  const directory = pki === resolve(DEFAULT_DIRECTORY) ? '' : ` --dir ${pki}`;
  return `npm run certs -- trust${directory}`;
}

/** The passphrase of the root's key; undefined when the key is not encrypted. @throws CertificateError */
export async function passphraseOf({ rootPassphraseFile }: Pick<Config, 'rootPassphraseFile'>) {
  if (rootPassphraseFile === '') return undefined;
  const { readPassphrase } = await import('../../certs/text-file.ts');
  return readPassphrase(rootPassphraseFile);
}

/** Prepares every certificate that the edge serves or may have to. Resolves with the result, for a progress line. */
export async function prepareCertificates(config: Config, paths: StatePaths): Promise<string> {
  const { host, httpPort } = config;
  const crlUrl = `${urlOf('http', host, httpPort)}/crl`;
  const chain = await ensureCertificates(paths.pki, host, [], crlUrl, await passphraseOf(config));
  const served = (await servedFile(config, paths))?.take();
  if (served === undefined) return describeChain(chain);
  return `${config.certificateFile}, valid until ${served.validToDate.toISOString().slice(0, 10)}`;
}

/** The result for the chain, as a progress line. */
export function describeChain({ changed, certificates }: Chain): string {
  const until = certificates.find(({ role }) => role === 'leaf')?.notAfter.slice(0, 10);
  return `${changed.length > 0 ? `made ${changed.join(', ')}` : 'reused'}, leaf valid until ${until}`;
}
