import { resolve } from 'node:path';
import type { ServedFile } from '../../certs/edge/served-file.ts';
import type { Config } from '../config/config.ts';
import type { StatePaths } from './state-paths.ts';
import type { ServedCertificate } from './status-types.ts';

type Settings = Pick<Config, 'host' | 'certificateFile'>;

/** The certificate of one's own that the edge serves; undefined when that is the authority's leaf. */
export async function servedFile(
  { host, certificateFile }: Settings,
  { edgeCertificate }: Pick<StatePaths, 'edgeCertificate'>,
): Promise<ServedFile | undefined> {
  if (certificateFile === '') return undefined;
  const { ServedFile } = await import('../../certs/edge/served-file.ts');
  return new ServedFile({ path: certificateFile, host, copy: edgeCertificate });
}

/** @throws CertificateError when the configured file cannot be served to those who come to the host */
export async function requireCertificateFile({ host, certificateFile }: Settings): Promise<void> {
  if (certificateFile === '') return;
  const { readServerCertificate } = await import('../../certs/edge/served-file.ts');
  readServerCertificate(resolve(certificateFile), host);
}

/** What the edge serves of the configured file, and what is wrong with what is in it now. */
export async function describeCertificateFile(
  { host, certificateFile }: Settings,
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
