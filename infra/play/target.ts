import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import path from 'node:path';
import { ConfigError, readConfig } from '../config/config.ts';
import { publicUrl } from '../config/origin.ts';
import { findBinary } from '../setup/binaries.mjs';
import type { Target } from './match.ts';

/** Which cluster is meant. */
export interface TargetOptions {
  url?: string | undefined;
  /** File of the root. */
  ca?: string | undefined;
  stack?: string | undefined;
}

function readRoot(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`The root certificate ${file} cannot be read: ${(error as Error).message}.`);
  }
}

/** What `pulumi up` says of a stack; undefined without it. */
function outputsOf(stack: string): { url?: string; rootCertificate?: string } | undefined {
  const pulumi = findBinary('pulumi');
  if (!pulumi) return undefined;
  const args = ['stack', 'output', '--json', '--stack', stack, '--non-interactive'];
  const { status, stdout } = spawnSync(pulumi, args, { encoding: 'utf8' });
  return status === 0 ? (JSON.parse(stdout) as { url?: string; rootCertificate?: string }) : undefined;
}

/**
 * The cluster that the options mean: the one at an address; that of a stack, as `npm run up` or `pulumi up` left it;
 * or the one that `npm start` brought up.
 * @throws ConfigError with one sentence when it cannot be found
 */
export function findTarget({ url, ca, stack }: TargetOptions): Target {
  if (url !== undefined) {
    const address = URL.parse(url);
    // Only the origin is used: a path, a query or a user would be dropped.
    if (address?.protocol !== 'https:' || address.href !== `${address.origin}/`) {
      throw new ConfigError(`--url is ${JSON.stringify(url)}; it must be an address such as https://localhost:8443.`);
    }
    return { url: address.origin, ca: ca && readRoot(ca) };
  }
  const config = readConfig({ args: ['--stack', stack ?? 'dev'] });
  // Whom everybody trusts vouches for the edge: the own root is for inside the cluster.
  if (stack !== undefined && config.certificates === 'acme') return { url: publicUrl(config), ca: undefined };
  const place = stack === undefined ? ['pki'] : ['kubernetes', stack];
  const file = ca ?? path.join(config.stateDir, ...place, 'root.pem');
  if (existsSync(file)) return { url: publicUrl(config), ca: readRoot(file) };
  const outputs = stack === undefined ? undefined : outputsOf(stack);
  if (outputs?.url) return { url: outputs.url, ca: outputs.rootCertificate };
  const how = stack === undefined ? 'npm start brings a cluster up' : `npm run up -- --stack ${stack} brings it up`;
  throw new ConfigError(`There is no root certificate at ${file}: ${how}, or name one by --url and --ca.`);
}

const PATIENCE_MS = 15_000;

/**
 * Asks once for the page: the SDK would try a cluster that it cannot reach, or does not trust, again and
 * again.
 * @throws ConfigError with the reason
 */
export function requireReachable({ url, ca }: Target): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ca, timeout: PATIENCE_MS, agent: false }, (response) => {
      response.resume();
      resolve();
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)));
    request.on('error', ({ message }) => {
      reject(new ConfigError(`${url} cannot be played on: ${message}. --ca names the root to trust.`));
    });
  });
}
