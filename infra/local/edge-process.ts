import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { edgeSettings } from '../config/edge-settings.ts';
import { bindAddresses, type EdgeServer } from '../edge/options.ts';
import { renderEdge } from '../edge/render.ts';
import { prepareCertificates } from './certificates.ts';
import { PreflightError } from './errors.ts';
import { offersBreaking } from './offers-breaking.ts';
import { hasIpv6 } from './ports.ts';
import { ensureSecret, restoreFile } from './state-dir.ts';
import type { StatePaths } from './state-paths.ts';
import type { ProcessSpec } from './supervised-process.ts';

/**
 * Descriptors that HAProxy needs in addition to two per connection: listeners, checks, pollers, the other frontends.
 */
const SPARE_DESCRIPTORS = 1600;
const FEWEST_CONNECTIONS = 10;

function openFilesLimit(): number {
  try {
    const limits =
      process.platform === 'linux'
        ? /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
        : execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
    return limits === undefined || limits === 'unlimited' ? Infinity : Number(limits);
  } catch {
    return Infinity;
  }
}

/** The edge's name for the file it serves: the authority's leaf, or the copy of the user's own certificate. */
export const servedCertificate = ({ certificateFile }: Pick<Config, 'certificateFile'>): string =>
  certificateFile === '' ? 'pki/leaf.pem' : 'run/edge.pem';

/**
 * The most connections that the edge may take: the configured number, or fewer where the limit of open files is lower.
 */
export function affordableConnections(
  wanted: number,
  limit: number = openFilesLimit(),
  descriptors = descriptorsOf({ acmeTlsAlpn: false }),
): number {
  return Math.max(FEWEST_CONNECTIONS, Math.min(wanted, Math.floor((limit - SPARE_DESCRIPTORS) / descriptors)));
}

/** Descriptors of HAProxy that a connection takes: one towards each side, and twice that through the TCP frontend. */
export const descriptorsOf = ({ acmeTlsAlpn }: Pick<Config, 'acmeTlsAlpn'>): number => (acmeTlsAlpn ? 4 : 2);

/** @throws PreflightError when HAProxy would not even start with this limit of open files */
export function requireOpenFiles(limit: number = openFilesLimit()): void {
  const needed = SPARE_DESCRIPTORS + 2 * FEWEST_CONNECTIONS;
  if (limit >= needed) return;
  throw new PreflightError(
    `At most ${limit} files may be open, and the edge needs ${needed}: raise the limit with ulimit -n.`,
  );
}

export interface EdgePlan {
  binary: string;
  servers: readonly EdgeServer[];
  /** Port of the Prometheus exporter; undefined when this HAProxy was built without it. */
  metricsPort: number | undefined;
}

/**
 * Writes HAProxy's configuration and returns how to run it. Paths are relative, as the path of a UNIX socket must be
 * short.
 */
export function edgeSpec(config: Config, paths: StatePaths, plan: EdgePlan): ProcessSpec {
  const text = renderEdge({
    settings: {
      ...edgeSettings(config),
      maxConnections: affordableConnections(config.maxConnections, undefined, descriptorsOf(config)),
    },
    servers: plan.servers,
    certificate: servedCertificate(config),
    cookieKey: ensureSecret(paths.cookieKey),
    runtimeSocket: 'run/haproxy.sock',
    authoritySocket: 'run/certs.sock',
    ...(config.acmeTlsAlpn ? { tlsAlpnFront: { challenges: 'run/acme-tls.sock', https: 'run/https.sock' } } : {}),
    ...(offersBreaking(config) ? { breakIt: { socket: 'run/break.sock', takesKey: true } } : {}),
    ...(plan.metricsPort === undefined ? {} : { metrics: `127.0.0.1:${plan.metricsPort}` }),
    addresses: bindAddresses(config.host, hasIpv6()),
    hasUserTimeout: process.platform === 'linux',
  });
  restoreFile(paths.edgeConfig, text);
  return {
    name: 'haproxy',
    command: plan.binary,
    // Master-worker: when the worker dies the master leaves with it, and the supervisor starts both again.
    args: ['-W', '-f', 'run/haproxy.cfg'],
    cwd: paths.root,
    logFile: path.join(paths.logs, 'haproxy.log'),
    prepare: async () => {
      if (!existsSync(path.join(paths.root, servedCertificate(config)))) await prepareCertificates(config, paths);
      restoreFile(paths.edgeConfig, text);
    },
  };
}
