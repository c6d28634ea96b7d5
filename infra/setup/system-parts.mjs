import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findBinary, installCommand, PART_BINARIES, packageManager, packageNames } from './binaries.mjs';
import { progress, run, SetupError } from './step.mjs';

const PARTS_OF_PROFILE = {
  packages: [],
  // Containers bring their own.
  cluster: [],
  test: ['haproxy', 'redis', 'chromium', 'openssl', 'certutil'],
};
const PARTS_ALWAYS = ['haproxy', 'redis'];
/** What a profile can do without, and what is skipped then. */
const OPTIONAL_PARTS = {
  test: { testssl: 'the scan of the edge by testssl.sh', named: 'the test of updates of a name server' },
};
const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_TEXT = '#!/bin/sh\n# Left by an interrupted set-up of Gridlock; may be removed.\nexit 101\n';

/**
 * Debian starts a daemon as soon as its package is installed; ours are started by the supervisor, on its
 * ports.
 */
function withoutStartingServices(work) {
  const ours = !existsSync(POLICY) || readFileSync(POLICY, 'utf8') === POLICY_TEXT;
  if (ours) writeFileSync(POLICY, POLICY_TEXT, { mode: 0o755 });
  try {
    work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

function aptInstall(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () =>
    run('apt-get install', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env });
  withoutStartingServices(() => {
    try {
      install();
    } catch {
      // The package lists may be missing or too old: fetch them, then it counts.
      run('apt-get update', 'apt-get', ['update', '-qq'], { env });
      install();
    }
  });
}

const notFound = (parts) => parts.filter((part) => !findBinary(...PART_BINARIES[part]));

function install(parts) {
  const manager = packageManager();
  const canInstall = manager === 'apt' ? process.getuid?.() === 0 : manager === 'brew' && findBinary('brew');
  if (!canInstall) {
    throw new SetupError(`Missing: ${parts.join(', ')}. Run this once, then start again:\n  ${installCommand(parts)}`);
  }
  progress(`installing ${parts.join(', ')} with ${manager === 'apt' ? 'apt-get' : 'Homebrew'}`);
  if (manager === 'apt') aptInstall(packageNames(manager, parts));
  else run('brew install', 'brew', ['install', ...packageNames(manager, parts)]);
  const still = notFound(parts);
  if (still.length > 0) throw new SetupError(`Installed, but still not found: ${still.join(', ')}.`);
}

function installOptional(part, usedBy) {
  try {
    install([part]);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    progress(`skipping ${part}, and with it ${usedBy}: ${error.message}`);
  }
}

/** What is to be done for the system parts of a profile: a function, or undefined when all are there. */
export function systemPartsStep(profile) {
  const missing = notFound(PARTS_OF_PROFILE[profile] ?? PARTS_ALWAYS);
  const optional = OPTIONAL_PARTS[profile] ?? {};
  const without = notFound(Object.keys(optional));
  if (missing.length + without.length === 0) return undefined;
  return () => {
    if (missing.length > 0) install(missing);
    for (const part of without) installOptional(part, optional[part]);
  };
}
