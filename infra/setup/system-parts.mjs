import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findBinary, installCommand, PART_BINARIES, packageManager, packageNames } from './binaries.mjs';
import { progress, run, SetupError, step } from './step.mjs';

const PARTS_OF_PROFILE = {
  packages: [],
  // Containers bring their own.
  cluster: [],
  test: ['haproxy', 'redis', 'chromium', 'openssl', 'certutil'],
};
const PARTS_ALWAYS = ['haproxy', 'redis'];
/** The parts that a profile can do without, and the work that is then skipped. */
const OPTIONAL_PARTS = {
  test: { testssl: 'the scan of the edge by testssl.sh', named: 'the test of updates of a name server' },
};
const LOCK_WAIT_SECONDS = 15 * 60;
const LOCK_POLL_MS = 1000;
const LOCKED = /Could not get lock|Waiting for cache lock|Unable to (acquire|lock)/;
const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_TEXT = '#!/bin/sh\n# Left by an interrupted set-up of Gridlock; may be removed.\nexit 101\n';

/**
 * Debian starts a daemon as soon as its package is installed, but here the supervisor starts them, on its own ports.
 */
async function withoutStartingServices(work) {
  const ours = !existsSync(POLICY) || readFileSync(POLICY, 'utf8') === POLICY_TEXT;
  if (ours) writeFileSync(POLICY, POLICY_TEXT, { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
  }
}

/**
 * Runs apt-get, and waits for another run to finish, such as the automatic updates in the first minutes of a new
 * machine. By itself apt-get waits only for dpkg's lock. It gives up at once when the package lists are locked.
 */
async function aptGet(...args) {
  const deadline = Date.now() + LOCK_WAIT_SECONDS * 1000;
  let said = false;
  const onOutput = (text) => {
    if (said || !LOCKED.test(text)) return;
    said = true;
    progress('waiting for another installation of system packages to finish');
  };
  const all = ['-o', `DPkg::Lock::Timeout=${LOCK_WAIT_SECONDS}`, ...args];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  for (;;) {
    try {
      return await run(`apt-get ${args[0]}`, 'apt-get', all, { env, onOutput });
    } catch (error) {
      if (!LOCKED.test(error.message) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
  }
}

async function aptInstall(names) {
  const install = () => aptGet('install', '-y', '-q', '--no-install-recommends', ...names);
  await withoutStartingServices(async () => {
    try {
      await install();
    } catch (error) {
      if (error.exitCode !== 2) throw error;
      // The package lists may be missing or too old: fetch them and try once more.
      await aptGet('update', '-q');
      await install();
    }
  });
}

const notFound = (parts) => parts.filter((part) => !findBinary(...PART_BINARIES[part]));

/** Installs these parts. @throws SetupError with the command that does, where this process may not */
export async function installParts(parts) {
  const manager = packageManager();
  const canInstall = manager === 'apt' ? process.getuid?.() === 0 : manager === 'brew' && findBinary('brew');
  if (!canInstall) {
    throw new SetupError(`Missing: ${parts.join(', ')}. Run this once, then start again:\n  ${installCommand(parts)}`);
  }
  const names = packageNames(manager, parts);
  await step(`installing ${parts.join(', ')} with ${manager === 'apt' ? 'apt-get' : 'Homebrew'}`, () =>
    manager === 'apt' ? aptInstall(names) : run('brew install', 'brew', ['install', ...names]),
  );
  const still = notFound(parts);
  if (still.length > 0) throw new SetupError(`Installed, but still not found: ${still.join(', ')}.`);
}

async function installOptional(part, usedBy) {
  try {
    await installParts([part]);
  } catch (error) {
    if (!(error instanceof SetupError) || error.exitCode !== 2) throw error;
    progress(`skipping ${part}, and with it ${usedBy}: ${error.message}`);
  }
}

/** The step for the system parts of a profile: a function, or undefined when all are installed. */
export function systemPartsStep(profile) {
  const missing = notFound(PARTS_OF_PROFILE[profile] ?? PARTS_ALWAYS);
  const optional = OPTIONAL_PARTS[profile] ?? {};
  const without = notFound(Object.keys(optional));
  if (missing.length + without.length === 0) return undefined;
  return async () => {
    if (missing.length > 0) await installParts(missing);
    for (const part of without) await installOptional(part, optional[part]);
  };
}
