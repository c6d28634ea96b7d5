import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import path from 'node:path';
import { ConfigError, readConfig } from '../config/config.ts';
import { publicUrl } from '../config/origin.ts';
import { findEngine } from '../up/tools.ts';
import type { Target } from './match.ts';

/** The options that select a cluster. */
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

interface StackOutputs {
  url?: string;
  rootCertificate?: string;
}

/** The outputs of a stack from Pulumi itself, or the reason why it has none. */
function outputsOf(stack: string): StackOutputs | string {
  const pulumi = findEngine();
  if (!pulumi) return 'Pulumi is not installed';
  const args = ['stack', 'output', '--json', '--stack', stack, '--non-interactive'];
  const { status, stdout, stderr } = spawnSync(pulumi, args, { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout) as StackOutputs;
  return `pulumi stack output says: ${
    stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^error: /, '') ?? ''
  }`;
}

/**
 * The cluster that the options name: the one at an address; that of a stack, as `npm run up` or `pulumi up` left it; or
 * the one that `npm start` brought up.
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
  // A public authority certifies the edge; the cluster's own root is only for connections inside the cluster.
  if (stack !== undefined && config.certificates === 'acme') return { url: publicUrl(config), ca: undefined };
  const place = stack === undefined ? ['pki'] : ['kubernetes', stack];
  const file = ca ?? path.join(config.stateDir, ...place, 'root.pem');
  if (existsSync(file)) return { url: publicUrl(config), ca: readRoot(file) };
  if (stack === undefined) {
    throw new ConfigError(
      `There is no root certificate at ${file}: npm start brings a cluster up, or name one by --url and --ca.`,
    );
  }
  const outputs = outputsOf(stack);
  if (typeof outputs !== 'string' && outputs.url) return { url: outputs.url, ca: outputs.rootCertificate };
  const reason = typeof outputs === 'string' ? outputs : 'the stack has no outputs yet';
  throw new ConfigError(
    `The stack ${stack} is not found: npm run up has left no root certificate at ${file}, and ${reason}. If you use ` +
      'Pulumi yourself, log in to its backend and give the passphrase as for pulumi up. Otherwise bring the stack up ' +
      `with npm run up -- --stack ${stack}, or name a cluster by --url and --ca.`,
  );
}

const PATIENCE_MS = 15_000;

/**
 * Requests the page once, because the SDK would keep retrying a cluster that it cannot reach or does not trust.
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
