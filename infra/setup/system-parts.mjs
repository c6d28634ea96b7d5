import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { PART_BINARIES, findBinary, installCommand, packageManager, packageNames } from './binaries.mjs';
import { SetupError, progress, run } from './step.mjs';

const PARTS_OF_PROFILE = { test: ['haproxy', 'redis', 'chromium', 'openssl', 'certutil'] };
const PARTS_ALWAYS = ['haproxy', 'redis'];
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

/** What is to be done for the system parts of a profile: a function, or undefined when all are there. */
export function systemPartsStep(profile) {
  const wanted = PARTS_OF_PROFILE[profile] ?? PARTS_ALWAYS;
  const missing = wanted.filter((part) => !findBinary(...PART_BINARIES[part]));
  if (missing.length === 0) return undefined;
  return () => {
    const manager = packageManager();
    const canInstall =
      manager === 'apt' ? process.getuid?.() === 0 : manager === 'brew' && findBinary('brew');
    if (!canInstall) {
      throw new SetupError(
        `Missing: ${missing.join(', ')}. Run this once, then start again:\n  ${installCommand(missing)}`,
      );
    }
    progress(`installing ${missing.join(', ')} with ${manager === 'apt' ? 'apt-get' : 'Homebrew'}`);
    if (manager === 'apt') aptInstall(packageNames(manager, missing));
    else run('brew install', 'brew', ['install', ...packageNames(manager, missing)]);
    const still = missing.filter((part) => !findBinary(...PART_BINARIES[part]));
    if (still.length > 0) throw new SetupError(`Installed, but still not found: ${still.join(', ')}.`);
  };
}
