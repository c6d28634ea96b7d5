import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findBinary, installCommand, PART_BINARIES } from '../infra/setup/binaries.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const SSLYZE = path.join(ROOT, '.tools/bin/sslyze');
const TESTSSL = findBinary(...PART_BINARIES.testssl);
/** Where the reports stay. */
export const REPORTS = path.join(ROOT, '.artifacts/tls');

/** Why a scan cannot be made here, for a test's `skip`. */
export const withoutSslyze = existsSync(SSLYZE)
  ? false
  : 'sslyze is not installed: with Python 3 and its venv module, node infra/setup/run.mjs test installs it';
export const withoutTestssl = TESTSSL ? false : `testssl.sh is not installed: ${installCommand(['testssl'])}`;

/** An edge to scan by the name localhost, and the root that a visitor trusts. */
export interface Target {
  url: string;
  /** File of the root; undefined for a visitor who does not have it. */
  ca?: string | undefined;
}

async function run(program: string, args: readonly string[], report: string, env: NodeJS.ProcessEnv = {}) {
  mkdirSync(REPORTS, { recursive: true });
  const child = spawn(program, args, {
    cwd: REPORTS,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  writeFileSync(path.join(REPORTS, `${report}.txt`), output);
  return { code, output };
}

export interface ProfileVerdict {
  code: number | null;
  /** True when the edge was scanned and nothing about it is outside the profile. */
  compliant: boolean;
  /** The results outside the profile, such as `tls_versions` or `certificate_path_validation`. */
  issues: string[];
  output: string;
}

/** Compares the edge with one of Mozilla's profiles. The reports are `sslyze-<report>.txt` and `.json`. */
export async function compareWithProfile(
  profile: 'modern' | 'intermediate',
  { url, ca }: Target,
  report: string = profile,
): Promise<ProfileVerdict> {
  const { port } = new URL(url);
  const { code, output } = await run(
    SSLYZE,
    [
      `--mozilla_config=${profile}`,
      // Fewer connections at once, and more patience with each.
      '--slow_connection',
      ...(ca === undefined ? [] : ['--certinfo_ca_file', ca]),
      `--json_out=${path.join(REPORTS, `sslyze-${report}.json`)}`,
      `localhost:${port}{127.0.0.1}`,
    ],
    `sslyze-${report}`,
  );
  // Its exit code is 0 even when it reached no server.
  const compliant = code === 0 && /^\s+localhost:\d+: OK - Compliant\.$/m.test(output);
  const [, found = ''] = output.split(/: FAILED - Not compliant\.\n/);
  const issues = [...found.matchAll(/^\s+\* (\w+): /gm)].map(([, issue]) => issue!);
  return { code, compliant, issues, output };
}

/** One line of testssl.sh's report. */
export interface Finding {
  id: string;
  severity: 'OK' | 'INFO' | 'WARN' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL' | 'FATAL';
  finding: string;
}

/**
 * Protocols, categories of ciphers, forward secrecy, the server's preferences, certificate, headers and known
 * vulnerabilities. The two sections that give no verdict and take just as long are left out: single ciphers, and
 * simulated clients.
 */
export const SECTIONS = ['-p', '-s', '-f', '-P', '-S', '-h', '-U'];

/**
 * The findings of testssl.sh in these sections; without any, in all sections. The reports are `testssl-<report>.txt`
 * and `.json`.
 */
export async function scan({ url, ca }: Target, sections: readonly string[], report: string): Promise<Finding[]> {
  const file = path.join(REPORTS, `testssl-${report}.json`);
  // It does not overwrite an old one.
  rmSync(file, { force: true });
  const { code, output } = await run(
    TESTSSL!,
    [
      ...['--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '--ip', '127.0.0.1'],
      ...['--connect-timeout', '60', '--openssl-timeout', '60'],
      ...(ca === undefined ? [] : ['--add-ca', ca]),
      ...sections,
      ...['--jsonfile', file],
      `localhost:${new URL(url).port}`,
    ],
    `testssl-${report}`,
    // By default it warns from the sixtieth day before a certificate ends; a leaf here lives for seven.
    { DAYS2WARN1: '2', DAYS2WARN2: '1' },
  );
  if (!existsSync(file)) throw new Error(`testssl.sh made no report and ended with ${code}:\n${output}`);
  return JSON.parse(readFileSync(file, 'utf8')) as Finding[];
}
