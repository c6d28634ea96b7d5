import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { findBinary } from '../../infra/setup/binaries.mjs';
import { UsageError } from '../../infra/usage-error.ts';
import type { Plan } from '../k6/plan.ts';
import type { Timeline } from './timeline.ts';

export interface K6Run {
  readonly k6: string;
  readonly script: string;
  readonly plan: Plan;
  /** PEM of the trusted roots; undefined for the system's own. */
  readonly trustFile: string | undefined;
  /** Where k6 writes its dashboard as one page. */
  readonly dashboardFile: string;
  readonly localIps: string | undefined;
  readonly timeline: Timeline;
  /** The output of k6 other than the timeline. */
  readonly said: (line: string) => void;
}

export interface StartedK6 {
  readonly pid: number;
  readonly ended: Promise<number>;
  kill(): void;
}

/** How long k6 may take to stop by itself. It may wait forever for the end of a socket whose other side hangs. */
const PATIENCE_MS = 10_000;

/** k6's exit code when a threshold has failed. */
export const THRESHOLDS_FAILED = 99;

/** Share of the free memory that k6 may fill before it collects garbage. */
const MEMORY_SHARE = 0.4;

/**
 * k6 collects garbage as rarely as memory allows. Each virtual user has a copy of the script, so a collection takes
 * long, and until it ends moves and reads are late.
 */
function garbageCollection(): NodeJS.ProcessEnv {
  const { GOGC = 'off', GOMEMLIMIT = String(Math.floor(process.availableMemory() * MEMORY_SHARE)) } = process.env;
  return { GOGC, GOMEMLIMIT };
}

/** Starts k6. The reports of its virtual users go into the timeline. */
export function startK6({ k6, script, plan, trustFile, dashboardFile, localIps, timeline, said }: K6Run): StartedK6 {
  // The dashboard refuses a period that fits into the run only a few times.
  const period = Math.max(1, Math.min(10, Math.floor(plan.seconds / 10)));
  const args = [
    'run',
    '--quiet',
    '--no-color',
    '--no-usage-report',
    '--log-format=raw',
    '--log-output=stdout',
    '--address=',
    '--out',
    'web-dashboard',
    ...(localIps === undefined ? [] : ['--local-ips', localIps]),
    script,
  ];
  const child = spawn(k6, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      GRIDLOCK_PLAN: JSON.stringify(plan),
      // k6 trusts the system's roots unless this variable names others; it has no option for that.
      ...(trustFile === undefined ? {} : { SSL_CERT_FILE: trustFile }),
      ...garbageCollection(),
      K6_WEB_DASHBOARD: 'true',
      K6_WEB_DASHBOARD_PORT: '-1',
      K6_WEB_DASHBOARD_PERIOD: `${period}s`,
      K6_WEB_DASHBOARD_EXPORT: dashboardFile,
    },
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (!timeline.take(line) && line.trim() !== '') said(line);
    });
  }
  return {
    pid: child.pid ?? 0,
    ended: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 1));
    }),
    kill: () => {
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS).unref();
    },
  };
}

const OLDEST = [1, 8] as const;
const TOOLS = path.resolve(import.meta.dirname, '../../.tools/bin/k6');
const HOW =
  'install Go and run npm run load, which builds it into .tools, or get it from https://k6.io and put it on the PATH';

/** `k6 v1.8.1 (go1.26, linux/amd64)` -> [1, 8, 1]; undefined for anything but a version. */
export function versionOf(text: string): readonly [number, number, number] | undefined {
  const match = /\bv?(\d+)\.(\d+)\.(\d+)\b/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

export const isNewEnough = ([major, minor]: readonly number[]): boolean =>
  major! > OLDEST[0] || (major === OLDEST[0] && minor! >= OLDEST[1]);

export interface K6Binary {
  readonly path: string;
  readonly version: string;
}

/** The first that is new enough, of the k6 on the PATH and the one in `.tools`. @throws UsageError without one */
export function findK6(): K6Binary {
  const seen: string[] = [];
  for (const candidate of new Set([findBinary('k6'), findBinary(TOOLS)])) {
    if (candidate === undefined) continue;
    const text = execFileSync(candidate, ['version'], { encoding: 'utf8' });
    const version = versionOf(text);
    if (version && isNewEnough(version)) return { path: candidate, version: version.join('.') };
    seen.push(`${candidate} is ${version?.join('.') ?? 'without a version in its output'}`);
  }
  const found = seen.length > 0 ? `${seen.join('; ')}` : 'there is no k6 on the PATH or in .tools';
  throw new UsageError(`The load runs need k6 ${OLDEST.join('.')} or newer, and ${found}: ${HOW}.`);
}

const ENTRY = path.resolve(import.meta.dirname, '../k6/main.ts');

/** One file of JavaScript for k6, which resolves no packages. */
export async function bundleForK6(outFile: string): Promise<void> {
  const { build, stop } = await import('esbuild');
  await build({
    entryPoints: [ENTRY],
    outfile: outFile,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['k6', 'k6/*'],
    // Every virtual user has its own copy.
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'silent',
  }).finally(() => stop());
}

/**
 * Answers the virtual users, which ask before each step whether to take it, with one verdict per step for all of them.
 */
export class Control {
  readonly #verdicts = new Map<number, Promise<boolean>>();
  readonly #judge: (step: number) => Promise<boolean>;
  readonly #server = createServer((request, response) => {
    const step = Number(request.url?.slice(1));
    const verdict = this.#verdicts.get(step) ?? this.#judge(step);
    this.#verdicts.set(step, verdict);
    verdict.then(
      (go) => response.end(go ? 'go' : 'stop'),
      () => response.end('stop'),
    );
  });

  /** `judge` decides whether the previous step has held. */
  constructor(judge: (step: number) => Promise<boolean>) {
    this.#judge = judge;
  }

  /** Resolves with its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
