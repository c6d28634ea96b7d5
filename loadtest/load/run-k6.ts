import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Plan } from '../k6/plan.ts';
import type { Journal } from './journal.ts';

export interface K6Run {
  readonly k6: string;
  readonly script: string;
  readonly plan: Plan;
  /** PEM of what is trusted; undefined for the system's own. */
  readonly trustFile: string | undefined;
  /** Where k6 writes its dashboard as one page. */
  readonly dashboardFile: string;
  readonly localIps: string | undefined;
  readonly journal: Journal;
  /** What k6 says beside the journal. */
  readonly said: (line: string) => void;
}

export interface StartedK6 {
  readonly pid: number;
  readonly ended: Promise<number>;
  kill(): void;
}

/** What k6 gets to stop by itself: it may wait for ever for the end of a socket whose other side hangs. */
const PATIENCE_MS = 10_000;

/** k6's exit code when a threshold has failed. */
export const THRESHOLDS_FAILED = 99;

/** Of the memory that is free, what k6 may fill before it has to look for garbage. */
const MEMORY_SHARE = 0.4;

/**
 * k6 collects its garbage as seldom as memory allows: the script is there once for each virtual user, so that there is
 * much to look through, and meanwhile moves are made late and what comes back is read late.
 */
function garbageCollection(): NodeJS.ProcessEnv {
  const { GOGC = 'off', GOMEMLIMIT = String(Math.floor(process.availableMemory() * MEMORY_SHARE)) } = process.env;
  return { GOGC, GOMEMLIMIT };
}

/** Starts k6; what its virtual users tell goes into the journal. */
export function startK6({ k6, script, plan, trustFile, dashboardFile, localIps, journal, said }: K6Run): StartedK6 {
  // The dashboard refuses a period that does not fit into the run a few times.
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
      // k6 trusts what the system does unless this says otherwise: it has no option for it.
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
      if (!journal.take(line) && line.trim() !== '') said(line);
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
