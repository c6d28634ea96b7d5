import { isIP } from 'node:net';
import type { Chain } from '../../certs/index.ts';
import type { Config } from '../config/config.ts';
import { servedFile } from './certificate-file.ts';
import type { StatePaths } from './state-paths.ts';
import { edgeUrl } from './system-status.ts';

/**
 * Makes or reuses the chain for every name of this machine and the configured host; its authority may also sign
 * `others`. The certificates name `crlUrl` as where revocation lists are.
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

/** The passphrase of the root's key; undefined when it is kept plain. @throws CertificateError */
export async function passphraseOf({ rootPassphraseFile }: Pick<Config, 'rootPassphraseFile'>) {
  if (rootPassphraseFile === '') return undefined;
  const { readPassphrase } = await import('../../certs/x509/keys.ts');
  return readPassphrase(rootPassphraseFile);
}

/** All that the edge serves, or may have to. Resolves with what became of it, for a progress line. */
export async function prepareCertificates(config: Config, paths: StatePaths): Promise<string> {
  const { host, httpPort } = config;
  const crlUrl = `${edgeUrl('http', host, httpPort)}/crl`;
  const chain = await ensureCertificates(paths.pki, host, [], crlUrl, await passphraseOf(config));
  const served = (await servedFile(config, paths))?.take();
  if (served === undefined) return describeChain(chain);
  return `${config.certificateFile}, valid until ${served.validToDate.toISOString().slice(0, 10)}`;
}

/** What became of the chain, as a progress line. */
export function describeChain({ changed, certificates }: Chain): string {
  const until = certificates.find(({ role }) => role === 'leaf')?.notAfter.slice(0, 10);
  return `${changed.length > 0 ? `made ${changed.join(', ')}` : 'reused'}, leaf valid until ${until}`;
}
