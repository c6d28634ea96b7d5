import { isIP } from 'node:net';
import type { Chain } from '../../certs/index.ts';

/**
 * Makes or reuses the chain for every name of this machine and the configured host; its authority may also sign
 * `others`. The certificates name `crlUrl` as where revocation lists are.
 */
export async function ensureCertificates(
  directory: string,
  host: string,
  others: readonly string[] = [],
  crlUrl?: string,
): Promise<Chain> {
  const { ensureChain } = await import('../../certs/index.ts');
  const isAddress = isIP(host) !== 0;
  return ensureChain({
    dir: directory,
    dnsNames: [...new Set(['localhost', ...(isAddress ? [] : [host]), ...others])],
    ipAddresses: [...new Set(['127.0.0.1', '::1', ...(isAddress ? [host] : [])])],
    ...(crlUrl === undefined ? {} : { crlUrl }),
  });
}

/** What became of the chain, as a progress line. */
export function describeChain({ changed, certificates }: Chain): string {
  const until = certificates.find(({ role }) => role === 'leaf')?.notAfter.slice(0, 10);
  return `${changed.length > 0 ? `made ${changed.join(', ')}` : 'reused'}, leaf valid until ${until}`;
}
