import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Watcher } from '../../certs/renewal/watcher.ts';
import type { Config } from '../config/config.ts';
import { passphraseOf, servedFile } from './certificates.ts';
import { servedCertificate } from './edge-process.ts';
import type { StatePaths } from './state-paths.ts';

const RETRY_MS = 30_000;

/** Renews the certificates of a running cluster, and serves its revocation lists. */
export interface RunningAuthority {
  stop(): Promise<void>;
}

/**
 * Records which edge serves the authority's leaf, and from then on renews certificates through it as they become due.
 * Serves revocation lists, answers to http-01 challenges and metrics on a socket behind the edge.
 */
export async function startAuthority(
  config: Pick<Config, 'host' | 'port' | 'acmeTlsAlpn' | 'certificateFile' | 'rootPassphraseFile'>,
  paths: StatePaths,
  report: (line: string) => void,
): Promise<RunningAuthority> {
  // Loaded once the cluster is ready: a start does not wait for it.
  const [{ writeEdge }, { startResponder }, watch] = await Promise.all([
    import('../../certs/edge/edge-deployment.ts'),
    import('../../certs/renewal/responder.ts'),
    import('../../certs/renewal/watcher.ts'),
  ]);
  const served = await servedFile(config, paths);
  const passphrase = await passphraseOf(config);
  writeEdge(paths.pki, {
    runtimeSocket: '../run/haproxy.sock',
    certificate: servedCertificate(config),
    ...(served === undefined ? {} : { file: served.path }),
    endpoints: [{ host: '127.0.0.1', port: config.port, serverName: served === undefined ? 'localhost' : config.host }],
    responderSocket: '../run/certs.sock',
    ...(config.acmeTlsAlpn ? { challengeSocket: '../run/acme-tls.sock' } : {}),
  });
  const watcher: Watcher = new watch.Watcher({ dir: paths.pki, report, passphrase, served });
  const metrics = () => watcher.tell();
  const server: Server = await startResponder(paths.authoritySocket, { dir: paths.pki, metrics });
  watcher.start();
  return {
    async stop() {
      server.close();
      server.closeAllConnections();
      await watcher.stop();
      rmSync(paths.authoritySocket, { force: true });
    },
  };
}

/**
 * Starts the authority, and retries until it succeeds: the cluster runs on with the certificates it has, and the cause
 * may go away. Undefined when the signal came first.
 */
export async function untilStarted(
  start: () => Promise<RunningAuthority>,
  { report, signal, retryMs = RETRY_MS }: { report: (line: string) => void; signal: AbortSignal; retryMs?: number },
): Promise<RunningAuthority | undefined> {
  let reason: string | undefined;
  while (!signal.aborted) {
    try {
      const authority = await start();
      if (reason !== undefined) report('certificates are renewed by themselves again');
      return authority;
    } catch (error) {
      const { message } = error as Error;
      if (message !== reason) report(`certificates are not renewed by themselves: ${message}`);
      reason = message;
    }
    await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  return undefined;
}

/** What a rotation changed: serial numbers, and the end of the new leaf. */
export interface RotatedLeaf {
  readonly before: string;
  readonly after: string;
  readonly notAfter: string;
}

/**
 * Replaces the leaf in the running edge; open connections stay.
 * @throws CertificateError when clients would not accept the new one, and the edge serves the previous one
 */
export async function rotateLeaf(dir: string): Promise<RotatedLeaf> {
  const [{ readChain }, { rotate }] = await Promise.all([
    import('../../certs/index.ts'),
    import('../../certs/lifecycle/rotate.ts'),
  ]);
  const leafIn = <Certificate extends { role: string }>(certificates: readonly Certificate[]) =>
    certificates.find(({ role }) => role === 'leaf')!;
  const before = leafIn(readChain(dir).certificates).serialNumber;
  const { edge, certificates } = await rotate({ dir, role: 'leaf' });
  if (edge === 'none') throw new Error('The authority has just started, and knows no edge yet: try again in a moment.');
  if (edge === 'not running')
    throw new Error(`The edge does not run, and will serve ${path.join(dir, 'leaf.pem')} when it is back.`);
  const { serialNumber: after, notAfter } = leafIn(certificates);
  return { before, after, notAfter };
}
